"""Which feature or layer made a loss what it must not be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.layout import Layout
from features.ragged import PAD
from models.model import Model


def not_finite(model: Model, batch: Batch) -> list[str]:
    """All that went into the loss and is not finite, in words: of tables, what the batch reads."""
    found = not_finite_numerics(batch, model.layout)
    for name in ("label", "weight"):
        values = getattr(batch, name)
        if values is not None and not np.isfinite(values).all():
            found.append(_placed(name, values))
    for table, field, weights in _read(model, batch):
        bad = int((~np.isfinite(weights).all(1)).sum())
        if bad:
            found.append(f"{bad} of the {len(weights)} rows that {field} reads of table '{table}'")
    return found + _not_finite_layers(model)


def not_finite_numerics(batch: Batch, layout: Layout) -> list[str]:
    """Each numeric that is not finite somewhere, and its first row."""
    bad = ~np.isfinite(batch.numerics).all(0)
    return [
        _placed(f"numeric '{layout.numeric_names[i]}'", batch.numerics[:, i])
        for i in np.flatnonzero(bad)
    ]


def _placed(name: str, values: npt.NDArray[np.float32]) -> str:
    row = int(np.flatnonzero(~np.isfinite(values))[0])
    return f"{name} is {values[row]:g} in row {row}"


def not_finite_weights(model: Model) -> list[str]:
    """The vocabularies of tables, and the layers, with a weight that is not finite."""
    found = []
    for name, table in model.tables.items():
        row = table.not_finite()
        if row is not None:
            starts = model.lookups[name].space.starts
            owner = [one for one, start in starts.items() if start <= row][-1]
            found.append(f"row {row - starts[owner]} of vocabulary '{owner}' in table '{name}'")
    return found + _not_finite_layers(model)


def _not_finite_layers(model: Model) -> list[str]:
    return [
        f"layer weight '{one.name}'"
        for one in model.network.weights
        if not np.isfinite(one.numpy()).all()
    ]


def suspects(model: Model, batch: Batch) -> list[str]:
    """The most extreme numeric, row of a table that the batch reads, and layer, in words."""
    found = [] if not batch.numerics.size else [_most_extreme(batch, model.layout)]
    rows = [(float(np.abs(w).max()), table, field) for table, field, w in _read(model, batch)]
    if rows:
        size, table, field = max(rows)
        found.append(
            f"the largest weight that is read of a table is {size:.3g}, by {field} ({table})"
        )
    layers = [(float(np.abs(one.numpy()).max()), one.name) for one in model.network.weights]
    if layers:
        size, name = max(layers)
        found.append(f"the largest of a layer is {size:.3g}, in '{name}'")
    return found


def _most_extreme(batch: Batch, layout: Layout) -> str:
    away = deviations(batch.numerics)
    row, column = np.unravel_index(int(away.argmax()), away.shape)
    return (
        f"numeric '{layout.numeric_names[column]}' is {batch.numerics[row, column]:g} in row "
        f"{row}, {away[row, column]:.3g} standard deviations (of the batch's other rows, or 1) "
        "from their mean"
    )


def deviations(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """|x - m| / max(s, 1) of each value, m and s the mean and the standard deviation of the other
    rows of its column: of all rows, an extreme value would hide behind the spread it makes.

    A column less spread than 1, which is what a standardized one is, counts as if it were, so
    that a flag that is rarely set is not extreme. A lone row is compared with 0.
    """
    exact = values.astype(np.float64)
    others = max(len(exact) - 1, 1)
    mean = (exact.sum(0) - exact) / others
    # Of squares about the mean of all, since those of large values would swallow the rest.
    about = exact - exact.mean(0)
    squares = ((about**2).sum(0) - about**2) / others - (mean - exact.mean(0)) ** 2
    away: npt.NDArray[np.float64] = np.abs(exact - mean)
    return away / np.sqrt(np.maximum(squares, 1.0))


def _read(model: Model, batch: Batch) -> Iterator[tuple[str, str, npt.NDArray[np.float32]]]:
    """Table, field, and the weights (distinct rows, dim) that the field reads of it."""
    for name, table in model.tables.items():
        space = model.lookups[name].space
        fields = {
            f"id '{model.layout.ids[column].name}'": rows
            for column, rows in zip(space.columns, space.ids(batch).T, strict=True)
        }
        fields |= {f"sequence '{one}'": rows for one, rows in space.sequences(batch).items()}
        for field, rows in fields.items():
            distinct = np.unique(rows[rows != PAD])
            if len(distinct):
                yield name, field, table.pull(distinct)
