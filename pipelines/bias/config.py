"""What a log says of how its rows came to their positions."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class BiasConfig(BaseModel):
    """Columns of the log beside query, position and click, and what is made of them.

    item: what was shown, the same item in many queries. logger: which ranker ordered the query.
    random: 1 in rows whose query was shuffled uniformly. swap: 1 in rows whose query had its top
    swapped with a row drawn uniformly. Propensities are estimated for `depth` positions from the
    top, and taken to be at least `minimum` where they weigh clicks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    item: str | None = None
    logger: str | None = None
    random: str | None = None
    swap: str | None = None
    depth: int = Field(default=10, ge=2, le=1_000)
    minimum: float = Field(default=0.05, gt=0, le=1)

    @property
    def columns(self) -> dict[str, str]:
        """The declared columns, by what they are."""
        named = {"item": self.item, "logger": self.logger, "random": self.random, "swap": self.swap}
        return {role: column for role, column in named.items() if column is not None}
