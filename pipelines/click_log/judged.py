"""Judged documents: what LETOR data sets hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import polars as pl

from features.errors import DataError, SchemaError
from features.readers.source import Source
from features.suggest import listing, nearest
from ranking.groups import Groups

_HIGHEST = 31  # as in the rankers: a gain is 2^grade - 1


@dataclass(frozen=True)
class Judged:
    """Documents with grades; those of a query stand together.

    matrix: float32 (rows, features), called `names`. grade: int64 (rows,). sizes: int64 (queries,).
    query: the id of each query.
    """

    names: tuple[str, ...]
    matrix: npt.NDArray[np.float32]
    grade: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    query: pl.Series

    @classmethod
    def read(cls, source: Source, label: str, query: str) -> Self:
        """All rows; the numeric columns besides `label` and `query` are the features.

        Raises:
            SchemaError: there is no such column, or no feature.
            DataError: grades that are none, features that are infinite, rows of a query apart.
        """
        for name in (label, query):
            if name not in source.schema:
                raise SchemaError(
                    f"column {name!r} is not in {source.name}; it has "
                    f"{listing(source.schema)}.{nearest(name, source.schema)}"
                )
        names = tuple(
            name
            for name, dtype in source.schema.items()
            if dtype.is_numeric() and name not in (label, query)
        )
        if not names:
            raise SchemaError(
                f"Judged documents need numeric columns as features; {source.name} has none "
                f"besides {label!r} and {query!r}."
            )
        frame = pl.concat(source.batches([label, query, *names]))
        groups = Groups.of(frame[query])
        matrix = frame.select(pl.col(names).cast(pl.Float32)).to_numpy()
        if np.isinf(matrix).any():
            name = names[int(np.isinf(matrix).any(axis=0).argmax())]
            raise DataError(f"Feature {name!r} must be finite; it holds an infinity. Mend it.")
        first = np.cumsum(groups.sizes) - groups.sizes
        return cls(names, matrix, _grades(frame[label]), groups.sizes, frame[query].gather(first))

    @property
    def of_row(self) -> npt.NDArray[np.int64]:
        """The query of each row, int64 (rows,)."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def document(self) -> npt.NDArray[np.int32]:
        """The place of each row within its query, from 0, int32 (rows,)."""
        starts = np.cumsum(self.sizes) - self.sizes
        return (np.arange(len(self.grade)) - starts[self.of_row]).astype(np.int32)


def _grades(label: pl.Series) -> npt.NDArray[np.int64]:
    grade = label.cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    odd = ~((grade >= 0) & (grade <= _HIGHEST) & (grade == np.rint(grade)))
    if odd.any():
        raise DataError(
            f"Grades must be whole numbers from 0 to {_HIGHEST}; row {int(odd.argmax())} has "
            f"{label[int(odd.argmax())]!r}. Map them first."
        )
    if not grade.any():
        raise DataError("Documents must not all be of grade 0; nobody would look for any of them.")
    return grade.astype(np.int64)
