"""Rows shown together, in the order in which they were shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import DataError

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Groups:
    """An order of the rows in which each query's rows stand together, by position.

    order: int64 (rows,) such that `rows[order]` is grouped. sizes: int64 (queries,).
    """

    order: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]

    @property
    def qid(self) -> npt.NDArray[np.uint32]:
        """Dense query number of each ordered row: XGBoost wraps ids beyond 32 bits."""
        return np.repeat(np.arange(len(self.sizes), dtype=np.uint32), self.sizes)

    @classmethod
    def of(cls, query: pl.Series, position: pl.Series | None = None) -> Groups:
        """Group rows by query, in order of position where there is one.

        Without positions the rows of a query must already stand together, since their order
        is then all that is known of how they were shown.

        Raises:
            DataError: no rows, a missing query or position, two rows of a query at one
                position, or queries that do not stand together without positions.
        """
        frame = _numbered(query, position)
        if position is None:
            starts = frame["query"].ne_missing(frame["query"].shift()).fill_null(True)
            if int(starts.sum()) != frame["query"].n_unique():
                ids = frame["query"].filter(starts)
                again = ids.filter(ids.is_duplicated())[0]
                raise DataError(
                    f"The rows of a query must stand together; those of query {again!r} are "
                    "apart. Sort the data by query, or declare `position`."
                )
            first = frame.filter(starts)["row"].to_numpy()
            return cls(
                np.arange(frame.height, dtype=np.int64),
                np.diff(np.append(first, frame.height)).astype(np.int64),
            )
        ordered = frame.sort(["first", "position", "row"])
        same = ordered.filter(
            (pl.col("first") == pl.col("first").shift())
            & (pl.col("position") == pl.col("position").shift())
        )
        if same.height:
            one = same.row(0, named=True)
            raise DataError(
                f"Positions must differ within a query; query {one['query']!r} has position "
                f"{one['position']} twice ({same.height} such rows). Remove duplicates, or make "
                "the query id distinguish repeated result pages."
            )
        sizes = ordered.group_by("first", maintain_order=True).len()["len"]
        return cls(ordered["row"].cast(pl.Int64).to_numpy(), sizes.cast(pl.Int64).to_numpy())


def _numbered(query: pl.Series, position: pl.Series | None) -> pl.DataFrame:
    """Columns row, query, position, and `first`: the row at which the query appears first."""
    if len(query) == 0:
        raise DataError("Ranking needs at least one row; the data holds none.")
    for name, column in (("query", query), ("position", position)):
        if column is None:
            continue
        missing = (column.fill_nan(None) if column.dtype.is_float() else column).null_count()
        if missing:
            raise DataError(
                f"Every row must have a {name}; {missing} of {len(column)} have none. "
                f"Fill or remove them."
            )
    frame = pl.DataFrame({"query": query}).with_row_index("row")
    if position is None:
        return frame
    return frame.with_columns(
        position.rename("position"), pl.col("row").min().over("query").alias("first")
    )
