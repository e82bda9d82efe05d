"""How progressive validation is reported."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Progressive(BaseModel):
    """Each batch is scored, then learned from: one pass over the rows in the order of the log.

    The metrics of those scores are of rows that the model had not seen (Blum et al., COLT 1999;
    McMahan et al., KDD 2013, section 5). They are reported of all rows, and of slices: of `rows`
    consecutive ones, or by the value of a `column` of the log, divided by `period` (seconds of a
    time, units of a number) and rounded down.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int | None = Field(default=None, ge=1)
    column: str | None = None
    period: float | None = Field(default=None, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.rows is not None and self.column is not None:
            raise ValueError("slices are of so many `rows` or by a `column`; got both")
        if self.period is not None and self.column is None:
            raise ValueError("`period` divides a `column` of times or numbers; name it")
        return self
