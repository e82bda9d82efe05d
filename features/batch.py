"""Encoded rows as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from features.layout import Layout
from features.ragged import PAD, Ragged

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """One array a kind of field.

    ids: int32 (rows, id fields). sequences: name -> int32 (rows, length), `PAD` at the end.
    numerics: float32 (rows, numbers). label, weight: float32 (rows,). tasks: float32 (rows, further
    labels), NaN where one was not observed. query: int32 (rows,), the number of each row's query,
    where rows come by whole queries.
    """

    ids: Ints
    numerics: Floats
    sequences: dict[str, Ints] = field(default_factory=dict)
    label: Floats | None = None
    weight: Floats | None = None
    tasks: Floats | None = None
    query: Ints | None = None

    @property
    def rows(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[np.intp] | slice) -> Batch:
        return replace(
            self,
            ids=self.ids[rows],
            numerics=self.numerics[rows],
            sequences={name: values[rows] for name, values in self.sequences.items()},
            label=None if self.label is None else self.label[rows],
            weight=None if self.weight is None else self.weight[rows],
            tasks=None if self.tasks is None else self.tasks[rows],
            query=None if self.query is None else self.query[rows],
        )

    def matrix(self, logits: Floats | None = None, cosines: Floats | None = None) -> Floats:
        """Every field as one number, for trees: float32 (rows, fields), then what a CTR model says.

        Numerics as they are, ids as popularity ranks, sequences as their lengths, the model's
        logits (rows,) and cosines (rows, pairs): the columns are `Layout.matrix_names`. What the
        model says is rounded to 1/128, since a tree that splits at a value it saw would send its
        last-bit neighbour, from another engine, the other way.
        """
        lengths = [(values != PAD).sum(1, keepdims=True) for values in self.sequences.values()]
        said = [] if logits is None else [logits[:, None]]
        said += [] if cosines is None else [cosines]
        rounded = [np.rint(values * 128) / 128 for values in said]
        columns = [self.numerics, self.ids, *lengths, *rounded]
        return np.concatenate(columns, axis=1, dtype=np.float32)

    @classmethod
    def concat(cls, batches: Sequence[Batch]) -> Batch:
        first = batches[0]
        if len(batches) == 1:
            return first
        labels = [batch.label for batch in batches if batch.label is not None]
        weights = [batch.weight for batch in batches if batch.weight is not None]
        queries = [batch.query for batch in batches if batch.query is not None]
        tasks = [batch.tasks for batch in batches if batch.tasks is not None]
        return cls(
            ids=np.concatenate([batch.ids for batch in batches]),
            numerics=np.concatenate([batch.numerics for batch in batches]),
            sequences={
                name: np.concatenate([batch.sequences[name] for batch in batches])
                for name in first.sequences
            },
            label=np.concatenate(labels) if labels else None,
            weight=np.concatenate(weights) if weights else None,
            tasks=np.concatenate(tasks) if tasks else None,
            query=np.concatenate(queries) if queries else None,
        )

    @classmethod
    def from_frame(
        cls,
        encoded: pl.DataFrame,
        layout: Layout,
        label: str | None = None,
        weight: str | None = None,
        tasks: Sequence[str] = (),
        query: str | None = None,
    ) -> Batch:
        """Arrays of an encoded frame; label, weight, tasks and query (int32) name its columns."""
        return cls(
            ids=_stack(encoded, [one.name for one in layout.ids], np.int32),
            numerics=_numbers(encoded, layout),
            sequences={
                one.name: Ragged.of(encoded[one.name]).padded(one.length)
                for one in layout.sequences
            },
            label=None if label is None else _column(encoded, label),
            weight=None if weight is None else _column(encoded, weight),
            tasks=_stack(encoded, list(tasks), np.float32) if tasks else None,
            query=None if query is None else encoded[query].cast(pl.Int32).to_numpy(),
        )


def _column(frame: pl.DataFrame, name: str) -> Floats:
    return frame[name].cast(pl.Float32).to_numpy()


def _numbers(encoded: pl.DataFrame, layout: Layout) -> Floats:
    if all(field.width == 1 for field in layout.numerics):
        return _stack(encoded, [one.name for one in layout.numerics], np.float32)
    shapes = [(one.name, (encoded.height, one.width)) for one in layout.numerics]
    blocks = [encoded[name].to_numpy().reshape(shape) for name, shape in shapes]
    return np.concatenate(blocks, axis=1, dtype=np.float32)


def _stack(frame: pl.DataFrame, names: list[str], dtype: type[Any]) -> npt.NDArray[Any]:
    if not names:
        return np.empty((frame.height, 0), dtype)
    return np.asarray(frame[names].to_numpy(order="c", writable=True), dtype)
