"""The sparse part of a step: what it does to the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from features.batch import Ints
from models.lookup import Lookup
from models.memory import Floats
from models.model import Model
from models.parallel import at_once
from models.regularization import L2
from models.touched import Distinct, Touched, every


class SparsePart:
    """Sums gradients by the rows they are of, and has the tables learn from them.

    Of `l2.whole_tables` every row of a table counts as touched.
    """

    def __init__(self, model: Model, l2: L2) -> None:
        self._model, self._l2 = model, l2
        lookups = {} if l2.whole_tables else dict.fromkeys(model.lookups.values())
        self._distinct = {one: Distinct(one.space.rows) for one in lookups}

    def touch(self, rows: Mapping[Lookup, Ints]) -> list[Touched]:
        """By table, what a batch touches that uses these rows."""
        if self._l2.whole_tables:
            found = {one: every(one.space.rows, used) for one, used in rows.items()}
        else:
            found = {one: self._distinct[one](used) for one, used in rows.items()}
        return [found[lookup] for lookup in self._model.lookups.values()]

    def gradients(
        self, touched: Sequence[Touched], of_used: Sequence[Floats], batch: int
    ) -> list[Floats]:
        """By table, those of the touched rows (distinct, dim), with their penalties; given those
        of what the batch used (uses, dim), and how many examples it has."""
        pairs = zip(self._model.tables, touched, of_used, strict=True)
        return at_once([partial(self._gradient, *each, batch) for each in pairs])

    def _gradient(self, name: str, touched: Touched, of_used: Floats, batch: int) -> Floats:
        total = touched.sum(of_used)
        penalty = self._l2.of(self._model.specs[name].group)
        if penalty:
            weights = self._model.tables[name].pull(touched.rows)
            if not self._l2.whole_tables:
                weights *= touched.uses[:, None].astype("float32") / batch
            total += penalty * weights
        return total

    def push(self, touched: Sequence[Touched], gradients: Sequence[Floats], rate: float) -> None:
        """Update the touched rows of each table."""
        each = zip(self._model.tables.values(), touched, gradients, strict=True)
        at_once([partial(table.push, one.rows, found, rate) for table, one, found in each])
