"""Ranking examples: the rows of each query together, in the order in which they were shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import DataError
from ranking.groups import Groups

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Column = pl.Series | npt.NDArray[Any] | Sequence[Any]


@dataclass(frozen=True)
class QueryData:
    """Ranking examples in order.

    matrix: float32 (rows, features). label: float32 (rows,). groups: sizes of the queries, and the
    order that brought the rows here. position: int32 (rows,) from 0 at the top of a query, or None
    where only the order is known. weight: float32 (queries,), or None where each counts 1.
    propensity: float32 (rows,), how likely the row was shown there, where the log says so. cluster:
    int64 (queries,), what is independent where queries are not.
    """

    matrix: Floats
    label: Floats
    groups: Groups
    position: Ints | None = None
    weight: Floats | None = None
    propensity: Floats | None = None
    cluster: npt.NDArray[np.int64] | None = None

    @classmethod
    def of(
        cls,
        matrix: Floats,
        label: npt.NDArray[Any],
        query: Column,
        position: Column | None = None,
        weight: Column | None = None,
        *,
        propensity: Column | None = None,
        top: int | None = None,
    ) -> Self:
        """Sort rows by query and position; each argument has a value a row.

        Queries may have ids of any type. Positions may count from any number: `top`, or without it
        the smallest of all. Rows that stand in order already are not copied.

        Raises:
            DataError: as `Groups.of` does; positions that are no whole numbers or too far apart;
                or weights that are not positive, or differ within a query.
        """
        ids = _series("query", query)
        shown = None if position is None else _series("position", position)
        groups = Groups.of(ids, shown)
        order = groups.order
        if np.array_equal(order, np.arange(len(order))):
            order = slice(None)  # type: ignore[assignment]
        return cls(
            np.asarray(matrix, np.float32)[order],
            np.asarray(label, np.float32)[order],
            groups,
            None if shown is None else _from_the_top(shown, top)[order],
            None if weight is None else _of_queries(_series("weight", weight), ids, groups),
            None if propensity is None else np.asarray(propensity, np.float32)[order],
        )

    @property
    def rows(self) -> int:
        return len(self.label)

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Rows of each query: int64 (queries,)."""
        return self.groups.sizes

    @property
    def row_weight(self) -> Floats | None:
        """The weight of its query, of each row: float32 (rows,)."""
        return None if self.weight is None else np.repeat(self.weight, self.sizes)

    def some(self, queries: npt.NDArray[np.int64]) -> QueryData:
        """The rows of some queries, numbered as they stand here: int64 (some,), rising."""
        chosen = np.zeros(len(self.sizes), bool)
        chosen[queries] = True
        kept = np.repeat(chosen, self.sizes)
        return replace(
            self,
            matrix=self.matrix[kept],
            label=self.label[kept],
            groups=Groups(self.groups.order[kept], self.sizes[chosen]),
            position=None if self.position is None else self.position[kept],
            weight=None if self.weight is None else self.weight[chosen],
            propensity=None if self.propensity is None else self.propensity[kept],
            cluster=None if self.cluster is None else self.cluster[chosen],
        )

    def top(self, depth: int) -> QueryData:
        """Without the rows shown at position `depth` or below, and queries of which none is left.

        `groups.order` keeps leading to the rows that were given.
        """
        assert self.position is not None  # the caller asks for positions
        kept = self.position < depth
        if kept.all():
            return self
        sizes = np.add.reduceat(kept, np.cumsum(self.sizes) - self.sizes, dtype=np.int64)
        return replace(
            self,
            matrix=self.matrix[kept],
            label=self.label[kept],
            groups=Groups(self.groups.order[kept], sizes[sizes > 0]),
            position=self.position[kept],
            weight=None if self.weight is None else self.weight[sizes > 0],
            propensity=None if self.propensity is None else self.propensity[kept],
            cluster=None if self.cluster is None else self.cluster[sizes > 0],
        )


def _series(name: str, values: Column) -> pl.Series:
    try:
        return pl.Series(name, values)
    except (TypeError, OverflowError) as error:
        raise DataError(
            f"The {name} of rows must be values of one type; got {str(error).splitlines()[0]}. "
            "Convert them."
        ) from error


def _from_the_top(position: pl.Series, top: int | None) -> Ints:
    """Counted from 0 at the top: int32 (rows,)."""
    numbers = position.cast(pl.Float64 if position.dtype.is_float() else pl.Int64).to_numpy()
    whole = np.isfinite(numbers) & (numbers == np.rint(numbers))
    if not whole.all():
        raise DataError(
            f"Positions must be whole numbers; got {numbers[~whole][0]}. Round them, or declare "
            "another column."
        )
    counted = numbers - (numbers.min() if top is None else top)
    if counted.min() < 0 or counted.max() > np.iinfo(np.int32).max:
        raise DataError(
            f"Positions must lie within 2^31 of the top; got {numbers.min():.0f} to "
            f"{numbers.max():.0f}. Is `position` the rank at which a row was shown?"
        )
    return counted.astype(np.int32)


def _of_queries(weight: pl.Series, query: pl.Series, groups: Groups) -> Floats:
    """The one weight of each query: float32 (queries,)."""
    values = weight.cast(pl.Float32).fill_null(np.nan).to_numpy()[groups.order]
    starts = np.cumsum(groups.sizes) - groups.sizes
    bad = ~(np.isfinite(values) & (values > 0))
    if bad.any():
        row = int(groups.order[int(bad.argmax())])
        raise DataError(
            f"The weight of a query must be finite and above 0; query {query[row]!r} has "
            f"{weight[row]}. Mend it, or leave the query out."
        )
    least, most = np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
    if (least != most).any():
        number = int((least != most).argmax())
        raise DataError(
            "A ranker weighs whole queries, so the weights of a query's rows must be equal; query "
            f"{query[int(groups.order[starts[number]])]!r} has {least[number]:g} to "
            f"{most[number]:g} ({np.count_nonzero(least != most)} such queries). Give each query "
            "one weight, or declare no data.weight."
        )
    return np.asarray(least, np.float32)
