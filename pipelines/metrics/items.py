"""Items: what is known of the items that a ranking may show, beside its labels."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from features.errors import DataError
from features.readers.open import open_source
from pipelines.metrics.ranked_groups import Floats, Ints


@dataclass(frozen=True, eq=False)
class Items:
    """The catalogue: ids, how often the training log holds each, and where known what it is.

    `ids`: (items,) distinct numbers or strings; `counts`: float64 (items,) rows of the log;
    `vectors`: float64 (items, dim), or None. Raises DataError where this does not hold.
    """

    ids: NDArray[Any]
    counts: Floats
    vectors: Floats | None = None

    def __post_init__(self) -> None:
        if not self._index.is_unique or len(self.counts) != len(self.ids):
            raise DataError(
                f"Items must be distinct, each with a count; got {len(self.ids)} ids, "
                f"{self._index.nunique()} of them distinct, and {len(self.counts)} counts; "
                "sum the counts of each"
            )
        if self.vectors is not None:
            if self.vectors.ndim != 2 or len(self.vectors) != len(self.ids):
                raise DataError(
                    f"The vectors of items must be ({len(self.ids)}, dim); got "
                    f"{self.vectors.shape}; give each item one"
                )
            if not np.isfinite(self.vectors).all():
                raise DataError("The vectors of items must be finite; mend or drop those items")

    @cached_property
    def _index(self) -> "pd.Index[Any]":
        index: pd.Index[Any] = pd.Index(self.ids)
        return index

    @cached_property
    def total(self) -> float:
        """Rows of the log."""
        return float(self.counts.sum())

    def numbers(self, ids: NDArray[Any]) -> Ints:
        """(rows,) place of each id in the catalogue, -1 where it is not there."""
        return self._index.get_indexer(pd.Index(ids)).astype(np.intp)

    @classmethod
    def of_file(cls, log: str, item: str, described_by: str | None = None) -> "Items":
        """`of_log` of a file. Raises DataError where it cannot be read, SchemaError without the
        columns."""
        columns = list(dict.fromkeys([item, *([described_by] if described_by else [])]))
        batches = open_source(log, None, Path.cwd()).batches(columns)
        return cls.of_log(batches, item, described_by)

    @classmethod
    def of_log(
        cls, rows: Iterable[pl.DataFrame], item: str, described_by: str | None = None
    ) -> "Items":
        """Count the rows of each item of a log, in one pass; rows without an item are left out.

        `described_by` names a column of categories, told apart and no more, or of vectors (a list
        or array of numbers a row); of each item the first counts. DataError where it is missing.
        """
        columns = [pl.len().alias("n"), *([pl.col(described_by).first()] if described_by else [])]
        parts = [
            one.drop_nulls(item).group_by(item, maintain_order=True).agg(columns) for one in rows
        ]
        merged = [pl.col("n").sum(), *([pl.col(described_by).first()] if described_by else [])]
        found = pl.concat(parts).group_by(item, maintain_order=True).agg(merged)
        vectors = None if described_by is None else _vectors(found[described_by])
        return cls(found[item].to_numpy(), found["n"].cast(pl.Float64).to_numpy(), vectors)


def _vectors(described: pl.Series) -> Floats:
    if described.null_count():
        raise DataError(
            f"Column {described.name!r} must describe every item; {described.null_count()} of "
            f"{described.len()} have none; leave those rows out or fill them"
        )
    if isinstance(described.dtype, pl.List | pl.Array):
        lengths = described.list.len() if isinstance(described.dtype, pl.List) else None
        if lengths is not None and lengths.n_unique() > 1:
            raise DataError(
                f"The vectors of {described.name!r} must be of one length; got "
                f"{lengths.min()!s} to {lengths.max()!s}"
            )
        return np.array(described.to_list(), dtype=np.float64)
    return described.to_dummies().to_numpy().astype(np.float64)
