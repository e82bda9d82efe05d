"""A plan of widths for all tables of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.quantization.segment import Segment, segments
from pipelines.quantization.widths import Option, Point, front, within
from serving.tables.layout import Range, TableLayout
from serving.tables.storage import Storage, row_bytes
from serving.tables.write import restored

if TYPE_CHECKING:
    from models.curvature import Curvature
    from models.model import Model
    from models.table import Table

Floats = npt.NDArray[np.float32]
STORAGES: tuple[Storage | None, ...] = (
    *(None, "int2", "int2_affine", "int4", "int4_affine"),
    *("int8", "int8_affine", "float16", "bfloat16"),
)
_ROWS = 1 << 18  # at once


@dataclass(frozen=True)
class Plan:
    """How each table is stored: of all choices of widths on the Pareto front, one.

    layouts: by table. kept: by table that has rows of zeros, bool (rows,), the others.
    front: every choice, the smallest first. chosen: that of the layouts. float_bytes: of all
    tables in float32. fields: by vocabulary, its bytes and what its widths add to the loss.
    """

    layouts: Mapping[str, TableLayout]
    kept: Mapping[str, npt.NDArray[np.bool_]]
    front: Sequence[Point]
    chosen: Point
    float_bytes: int
    fields: Mapping[str, tuple[int, float]]


@dataclass(frozen=True, eq=False)
class Judged:
    """A model's segments, and what each storage of each would cost.

    options: by segment, in the order of `STORAGES`. kept: as a plan has it.
    """

    model: Model
    segments: Sequence[Segment]
    options: Sequence[Sequence[Option]]
    kept: Mapping[str, npt.NDArray[np.bool_]]

    @classmethod
    def of(cls, model: Model, curvatures: Mapping[str, Curvature], examples: int) -> Judged:
        """By the curvatures of the model's tables, over `examples` (`models.curvature`)."""
        kept = {name: mask for name in model.tables if (mask := _kept(model, name)) is not None}
        found = [
            one
            for name, curve in curvatures.items()
            for one in segments(
                name, model.lookups[name].space.starts, curve.uses, curve.total, examples
            )
        ]
        tables = model.tables
        options = [_options(one, _weights(tables[one.table]), kept.get(one.table)) for one in found]
        return cls(model, found, options, kept)

    def plan(self, size: float | None, loss: float | None) -> Plan:
        """The best widths of at most the share `size` of float32 tables, or else the smallest that
        add at most `loss` to the mean log loss, to second order.

        Raises:
            ConfigError: no choice is within the budget.
        """
        points, tables = front(self.options), self.model.tables
        whole = sum(table.rows * table.dim * 4 for table in tables.values())
        bits = sum(8 * -(-len(mask) // 64) for mask in self.kept.values())
        point = within(points, None if size is None else int(size * whole) - bits, loss)
        picked = [one[i] for one, i in zip(self.options, point.chosen, strict=True)]
        layouts = {
            name: _layout(table.rows, table.dim, self.segments, picked, name, self.kept.get(name))
            for name, table in tables.items()
        }
        return Plan(layouts, self.kept, points, point, whole, self._fields(picked))

    def fields(self, storage: str) -> dict[str, tuple[int, float]]:
        """By vocabulary, its bytes and what they add to the loss, were all of one storage; nothing
        for float32, which adds none."""
        if storage not in STORAGES:
            return {}
        place = STORAGES.index(storage)
        return self._fields([one[place] for one in self.options])

    def _fields(self, picked: Sequence[Option]) -> dict[str, tuple[int, float]]:
        found: dict[str, tuple[int, float]] = {}
        for one, option in zip(self.segments, picked, strict=True):
            held, added = found.get(one.vocabulary, (0, 0.0))
            found[one.vocabulary] = held + option.bytes, added + option.loss
        return found


def _weights(table: Table) -> Floats:
    """Without a copy."""
    return table.view[:, : table.dim]


def _kept(model: Model, name: str) -> npt.NDArray[np.bool_] | None:
    """The rows that are not zeros, where leaving the others out pays for a bit a row."""
    table = model.tables[name]
    mask = np.asarray(_weights(table).any(axis=1))
    pays = np.count_nonzero(~mask) * row_bytes("int2", table.dim) * 8 > len(mask)
    return mask if pays else None


def _options(segment: Segment, weights: Floats, kept: npt.NDArray[np.bool_] | None) -> list[Option]:
    """Every storage of the segment's rows, or of those kept."""
    chosen = np.arange(segment.start, segment.stop)
    weight = segment.weight
    if kept is not None:
        mask = kept[segment.start : segment.stop]
        chosen, weight = chosen[mask], weight[mask]
    losses = dict.fromkeys(STORAGES, 0.0)
    for first in range(0, len(chosen), _ROWS):
        part = slice(first, first + _ROWS)
        rows = weights[chosen[part]]
        for storage in STORAGES:
            missed = rows if storage is None else restored(rows, storage) - rows
            losses[storage] += float(weight[part] @ np.square(missed).sum(axis=1))
    dim = weights.shape[1]
    return [
        Option(one, 0 if one is None else len(chosen) * row_bytes(one, dim), losses[one])
        for one in STORAGES
    ]


def _layout(
    rows: int,
    dim: int,
    found: Sequence[Segment],
    picked: Sequence[Option],
    table: str,
    kept: npt.NDArray[np.bool_] | None,
) -> TableLayout:
    sizes = [
        (option.storage, one.rows if kept is None else int(kept[one.start : one.stop].sum()))
        for one, option in zip(found, picked, strict=True)
        if one.table == table
    ]
    ranges = [
        Range(rows=many, storage=storage)
        for storage, parts in groupby(sizes, key=lambda one: one[0])
        if (many := sum(rows for _, rows in parts))
    ]
    return TableLayout(rows=rows, dim=dim, ranges=tuple(ranges), pruned=kept is not None)
