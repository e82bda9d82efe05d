"""How alike two fields' embeddings are: columns of a ranker, in training and in the server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from features.batch import Batch, Floats, Ints
from features.errors import ConfigError
from features.layout import Layout
from features.ragged import PAD
from features.rows import RowSpace
from features.suggest import listing

Pair = tuple[str, str]  # names of id or sequence fields


class Cosine(BaseModel):
    """A column: the cosine of the embeddings that a table has for two fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: str
    fields: Pair

    @property
    def name(self) -> str:
        return f"cosine({self.fields[0]},{self.fields[1]})"


class Readable(NamedTuple):
    """A table's rows by field, and what gives the weights float32 (n, dim) of rows int32 (n,)."""

    space: RowSpace
    gather: Callable[[Ints], Floats]


class Cosines:
    """Of a batch, float32 (rows, columns); a sequence counts as the mean of its elements.

    cos(a, b) = a.b / (|a| |b|), and 0 where either is 0, as that of an empty sequence is. Cosines
    do not change when a space is turned or stretched, so that those of models trained apart may
    stand in one column. (Grbovic and Cheng, KDD 2018, section 4.3: the candidate against the
    items of a user's history, for a LambdaMART of trees.)

    Raises ConfigError where a table does not hold both fields.
    """

    def __init__(
        self, layout: Layout, columns: Sequence[Cosine], tables: Mapping[str, Readable]
    ) -> None:
        self._columns, self._tables = tuple(columns), tables
        self._places = {one.name: i for i, one in enumerate(layout.ids)}
        for one in columns:
            held = _fields(layout, tables[one.table].space) if one.table in tables else ()
            if missing := [name for name in one.fields if name not in held]:
                raise ConfigError(
                    f"The column {one.name} must be of embeddings in table '{one.table}'; it holds "
                    f"those of {listing(held) or 'nothing'}, not of {listing(missing)}."
                )

    def __call__(self, batch: Batch) -> Floats:
        found = np.zeros((batch.rows, len(self._columns)), np.float32)
        known: dict[tuple[str, str], npt.NDArray[np.float64]] = {}
        for i, one in enumerate(self._columns):
            for field in one.fields:
                if (one.table, field) not in known:
                    known[one.table, field] = self._unit(batch, one.table, field)
            first, second = (known[one.table, field] for field in one.fields)
            found[:, i] = (first * second).sum(1)
        return found

    def _unit(self, batch: Batch, table: str, field: str) -> npt.NDArray[np.float64]:
        """A field's embeddings (rows, dim), each of length 1 or 0."""
        vectors = self._vectors(batch, self._tables[table], field).astype(np.float64)
        length = np.sqrt((vectors * vectors).sum(1, keepdims=True))
        unit = np.zeros_like(vectors)
        np.divide(vectors, length, out=unit, where=length > 0)
        return unit

    def _vectors(self, batch: Batch, table: Readable, field: str) -> Floats:
        """As far as their direction goes: the sum of a sequence's elements, not the mean."""
        space, gather = table
        if field in self._places:
            place = self._places[field]
            start = space.id_starts[int(np.searchsorted(space.columns, place))]
            return gather(batch.ids[:, place] + start)
        present = batch.sequences[field] != PAD
        rows = batch.sequences[field][present] + np.int32(space.sequence_starts[field])
        elements = gather(rows)
        spread = np.zeros((*present.shape, elements.shape[1]), np.float32)
        spread[present] = elements
        total: Floats = spread.sum(1)
        return total


def _fields(layout: Layout, space: RowSpace) -> tuple[str, ...]:
    return (*(layout.ids[place].name for place in space.columns), *space.sequence_starts)
