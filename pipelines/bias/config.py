"""What a log says of how its rows came to their positions."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ranking.debiasing import Way
from ranking.off_policy.rank_metric import RankMetric

Estimator = Literal["randomised", "swaps", "harvest_items", "regression_em", "dual"]


class BiasConfig(BaseModel):
    """Columns of the log beside query, position and click, and what is made of them.

    item: what was shown, the same item in many queries; of several columns, all together. random:
    1 in rows whose query was shuffled uniformly. partner, swapped: the position (counted as those
    of the log are) that was drawn to change places with the top, null where none was, and whether
    the two did. Propensities are estimated for `depth` positions from the top, by the `estimator`
    or the first that the log allows, and taken to be at least `minimum` where they weigh clicks.
    Those learned from features read `queries` of the queries, drawn at random.

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
    depth: int = Field(default=10, ge=2, le=1_000)
    minimum: float = Field(default=0.05, gt=0, le=1)
    estimator: Estimator | None = None
    queries: int = Field(default=2_000, ge=100)
    seed: int = Field(default=0, ge=0)

    @field_validator("metric")
    @classmethod
    def _known(cls, metric: str) -> str:
        return str(RankMetric.parse(metric))

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.partner is None) != (self.swapped is None):
            raise ValueError("swaps need both: partner, the position drawn, and swapped, whether")
        return self

    @property
    def columns(self) -> dict[str, tuple[str, ...]]:
        """The declared columns, by what they are."""
        declared = {role: getattr(self, role) for role in ("item", "random", "partner", "swapped")}
        return {
            role: (one,) if isinstance(one, str) else one
            for role, one in declared.items()
            if one is not None
        }
