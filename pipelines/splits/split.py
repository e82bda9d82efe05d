"""What every split declares: how rows are assigned to parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict

from features.errors import SchemaError
from features.readers.source import Source
from features.suggest import listing, nearest

PARTS = ("train", "ranker", "valid", "test")

Measured = list[float] | list[int] | None  # JSON, so that an interrupted run need not measure again


class Split(BaseModel, ABC):
    """Assigns rows to parts: `measure` once over the source, then `assign` frame by frame."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    def columns(self) -> tuple[str, ...]:
        """Raw columns that the assignment reads."""
        return ()

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that are declared to get rows, as far as the declaration tells."""
        return ()

    def measure(self, source: Source) -> Measured:  # noqa: ARG002
        """What has to be known of all rows."""
        return None

    @abstractmethod
    def assign(self, frame: pl.DataFrame, start: int, measured: Measured) -> pl.Series:
        """The part of each row, String. `start` is the number of rows before the frame."""

    def require(self, source: Source) -> None:
        """Raise SchemaError where a column that decides the split is absent."""
        for column in self.columns:
            if column not in source.schema:
                raise SchemaError(
                    f"Column '{column}' (the split) must be in the data; it holds "
                    f"{listing(source.schema)}.{nearest(column, source.schema)}"
                )


def named(numbers: npt.NDArray[np.intp], names: Sequence[str] = PARTS) -> pl.Series:
    """String: the name of each number."""
    return pl.Series(np.array(names)[numbers])
