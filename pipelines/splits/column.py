"""The split that the data brings along."""

from __future__ import annotations

from typing import Literal

import polars as pl

from pipelines.splits.split import Measured, Split


class ByColumn(Split):
    """A column names the part: train, ranker, valid or test. Other values are left out."""

    type: Literal["column"] = "column"
    column: str = "split"

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def assign(self, frame: pl.DataFrame, start: int, measured: Measured) -> pl.Series:  # noqa: ARG002
        return frame[self.column].cast(pl.String).fill_null("")
