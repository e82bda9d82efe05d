"""The training rows, cut by whole queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from features.dataset.dataset import QUERY, Dataset
from features.dataset.manifest import Labels, Manifest, Part
from features.dataset.writer import write_part
from features.errors import DataError, SchemaError
from features.suggest import listing, nearest
from pipelines.config import Config
from pipelines.division import Division
from pipelines.journal import Journal
from pipelines.splits.hashing import places

# A key of our own: by that of a split, the keys that train would fill some folds alone.
_SEED = 4_906_115_273
_CUT = "cut"

Numbers = npt.NDArray[np.int8]


class Folds:
    """Training rows by fold, to be learned from without one of them.

    A copy on disk, in which those of a fold stand together in their own order: what a fold is, and
    what is left without it, are both some of its parts.

    Args:
        train: the rows.
        numbers: the fold of each, int8 (rows,).
        journal: says whether they were cut already, in the folder that they lie in.

    Raises:
        DataError: a fold has no rows, or without it there is only one label.
    """

    def __init__(self, train: Dataset, numbers: Numbers, count: int, journal: Journal) -> None:
        self._train, self._numbers, self._journal = train, numbers, journal
        if _CUT not in journal:
            self._cut(count)
        found: list[list[dict[str, Any]]] = journal[_CUT]["folds"]
        self._folds = [[Part.model_validate(one) for one in parts] for parts in found]
        for number in range(count):
            self._require(number)

    def fold(self, number: int) -> Dataset:
        return self._of(self._folds[number])

    def others(self, number: int) -> Dataset:
        """All but the rows of a fold."""
        return self._of(
            [part for i, fold in enumerate(self._folds) for part in fold if i != number]
        )

    def _of(self, parts: Sequence[Part]) -> Dataset:
        about = self._train.manifest
        return Dataset(self._journal.folder, Manifest.of(about.encoder, about.layout, parts))

    def _cut(self, count: int) -> None:
        folds: list[list[Part]] = [[] for _ in range(count)]
        start, frames = 0, len(self._train.manifest.parts)
        for i, frame in enumerate(self._train.frames()):
            numbers = self._numbers[start : start + frame.height]
            for number, parts in enumerate(folds):
                rows = frame.filter(pl.Series(numbers == number))
                if rows.height:
                    parts.append(write_part(self._journal.folder, number * frames + i, rows))
            start += frame.height
        files = {part.name: part.sha256 for parts in folds for part in parts}
        told = [[part.model_dump(mode="json") for part in parts] for parts in folds]
        self._journal.finish(_CUT, files, {"folds": told})

    def _require(self, number: int) -> None:
        if not self._folds[number]:
            raise DataError(
                f"Each of the {len(self._folds)} folds must have rows; fold {number} has none. Ask "
                "for fewer with stacking.folds, or cut them by another stacking.column."
            )
        left = self.others(number).manifest
        labels: list[Labels] = [*([left.labels] if left.labels else []), *left.tasks.values()]
        if any(one.positives in (0, one.rows) for one in labels):
            raise DataError(
                f"Without fold {number} both labels must be left to learn from; one is missing. "
                "Use more data, or leave out stacking.folds."
            )


def fold_numbers(config: Config, train: Dataset, count: int, column: str | None) -> Numbers:
    """The fold of each training row, int8 (rows,): a stable hash of its query, or of a column.

    Raises:
        SchemaError: there is no such column.
        DataError: it cuts a query.
    """
    if column is None:
        found = [_numbers(frame[QUERY], count) for frame in train.frames([QUERY])]
        return np.concatenate(found)
    division = Division(config)
    if column not in division.columns:
        raise SchemaError(
            f"stacking.column must be a column of the log; there is no '{column}' among "
            f"{listing(division.columns)}.{nearest(column, division.columns)}"
        )
    pieces = division.pieces([column])
    numbers = np.concatenate(
        [_numbers(one.rows[column], count) for one in pieces if one.part == "train"]
    )
    _refuse_cut(train.frame([QUERY])[QUERY], numbers, column)
    return numbers


def _numbers(keys: pl.Series, count: int) -> Numbers:
    return (places(keys, _SEED) * count).astype(np.int8)


def _refuse_cut(query: pl.Series, numbers: Numbers, column: str) -> None:
    spans = pl.DataFrame({"query": query, "fold": numbers}).group_by("query")
    cut = spans.agg(pl.col("fold").n_unique()).filter(pl.col("fold") > 1)
    if cut.height:
        raise DataError(
            f"Each query must have one value of stacking.column; those of '{column}' cut "
            f"{cut.height} queries, such as {cut['query'].min()!r}. Name a column of whole "
            "queries, or none."
        )
