"""A request's encoding: what the context holds once, what the candidates hold row by row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.derivation import Columns
from features.encoded import Encoded
from features.layout import IdField, Layout, NumericField
from features.plan import Plan


class Joint:
    """Two plans over one layout: features of the context, encoded once, and of the rows.

    Args:
        layout: of all features.
        context: the features whose columns the context holds.
        candidates: the others.
    """

    def __init__(self, layout: Layout, context: Plan, candidates: Plan) -> None:
        self._context, self._candidates = context, candidates
        places, ids, numbers = {}, 0, 0
        for field in layout.fields:
            width = field.width if isinstance(field, NumericField) else 0
            one = isinstance(field, IdField)
            places[field.name] = [ids] if one else list(range(numbers, numbers + width))
            ids, numbers = ids + one, numbers + width
        self._ids, self._numbers = ids, numbers
        self._places = [_places(plan.layout, places) for plan in (context, candidates)]

    def __call__(self, context: Columns, columns: Columns, rows: int) -> Encoded:
        """`context` holds one value a column, `columns` hold `rows`. Raises SchemaError."""
        shared = self._candidates.derives_from & context.keys()
        if shared:
            columns = {**columns, **{one: context[one].new_from_index(0, rows) for one in shared}}
        once, each = self._context(context, 1), self._candidates(columns, rows)
        ids = np.empty((self._ids, rows), np.int32)
        numerics = np.empty((self._numbers, rows), np.float32)
        for part, (id_places, number_places) in zip((once, each), self._places, strict=True):
            ids[id_places] = part.ids
            numerics[number_places] = part.numerics
        lists = {name: one.repeat(rows) for name, one in once.sequences.items()}
        return Encoded(rows, ids, numerics, lists | each.sequences)


_Places = npt.NDArray[np.intp]


def _places(layout: Layout, places: dict[str, list[int]]) -> tuple[_Places, _Places]:
    ids = [one for field in layout.ids for one in places[field.name]]
    numbers = [one for field in layout.numerics for one in places[field.name]]
    return np.array(ids, np.intp), np.array(numbers, np.intp)
