"""What a log says of how its rows came to their positions."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from features.suggest import listing
from ranking.debiasing import Way
from ranking.off_policy.rank_metric import RankMetric

# What rests on less stands first.
Estimator = Literal[
    "randomised", "swaps", "harvest", "harvest_chain", "harvest_pivot", "harvest_items",
    "regression_em", "dual", "pbm", "ubm", "dbn", "sdbn", "cascade", "trust", "affine",
]  # fmt: skip

RANKS = "ranks."  # and a ranker's name: where it would have shown a row


class BiasConfig(BaseModel):
    """Columns of the log beside query, position and click, and what is made of them.

    item: what was shown, the same item in many queries; of several columns, all together. random:
    1 in rows whose query was shuffled uniformly. partner, swapped: the position (counted as those
    of the log are) that was drawn to change places with the top, null where none was, and whether
    the two did. ranker: who ordered the query, null where what was shown is of none of them; ranks:
    by the ranker's name, the position at which it would have shown the row, null where nowhere;
    without them it is told by where each ranker shows an item. relevance: known beforehand, from
    0 to 1. cluster: what queries belong to, drawn together for intervals. Propensities are
    estimated for `depth` positions from the top, by the `estimator` or the first that the log
    allows (`logged`: rows bring their own, `data.propensity`), and taken to be at least `minimum`
    where they weigh clicks. Those learned from features read `queries` of the queries, drawn at
    random, and click models ten times as many.

    way: how the ranker learns from clicks (`ranking.debiasing.fit`), or `auto`: every way that
    removes bias is trained, and the ranker is their mean. Rounds are then picked on validation by
    `metric`, of clicks weighed by examination. Without it `ranker.unbiased` says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    way: Way | Literal["auto"] | None = None
    metric: str = "dcg@10"
    item: str | tuple[str, ...] | None = None
    random: str | None = None
    partner: str | None = None
    swapped: str | None = None
    ranker: str | None = None
    ranks: dict[str, str] = {}
    depth: int = Field(default=10, ge=2, le=1_000)
    minimum: float = Field(default=0.05, gt=0, le=1)
    relevance: str | None = None
    cluster: str | None = None
    estimator: Estimator | Literal["logged"] | None = None
    queries: int = Field(default=2_000, ge=100)
    seed: int = Field(default=0, ge=0)

    @field_validator("metric")
    @classmethod
    def _known(cls, metric: str) -> str:
        return str(RankMetric.parse(metric))

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.partner is None) != (self.swapped is None):
            raise ValueError("swaps need both: partner, the position drawn, and swapped, whether")
        if self.ranks and (self.ranker is None or len(self.ranks) < 2):
            raise ValueError(
                "ranks are columns by the names that bias.ranker holds, of two rankers at least; "
                f"ranker is {self.ranker!r}, and ranks has {listing(self.ranks)}"
            )
        return self

    @property
    def wanted(self) -> Estimator | None:
        """The estimator that is named; none where rows bring their own propensity."""
        return None if self.estimator == "logged" else self.estimator

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The declared columns, by what they are."""
        roles = ("item", "random", "partner", "swapped", "ranker", "relevance", "cluster")
        declared = {role: getattr(self, role) for role in roles}
        declared |= {RANKS + name: column for name, column in self.ranks.items()}
        return {
            role: (one,) if isinstance(one, str) else one
            for role, one in declared.items()
            if one is not None
        }
