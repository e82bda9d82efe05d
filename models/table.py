"""An embedding table whose rows carry their optimizer state."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.compiled import compiled, fetch_ahead
from models.initializers import Initializer, draw
from models.memory import Floats, fresh
from models.optimizers.optimizer import SparseOptimizer
from models.parallel import in_parts

_CHUNK = 1 << 17  # rows drawn at a time: drawing whole tables would double the memory

Ints = npt.NDArray[np.int32]


class Table:
    """Rows of `dim` weights and their optimizer state, stored side by side.

    A step pulls the rows that a batch uses, and pushes the summed gradients of the distinct ones
    once: it reads and writes what the batch touched, whatever `rows` is. Rows start drawn,
    seeded. This is the seam at which storage may be sharded: the trainer knows only `pull` and
    `push`.

    Args:
        rows: how many rows.
        dim: weights a row.
        optimizer: the update rule.
        stddev, seed, initializer: of the initial weights, as `models.initializers.draw` says.
    """

    def __init__(
        self,
        rows: int,
        dim: int,
        optimizer: SparseOptimizer,
        *,
        stddev: float,
        seed: int,
        initializer: Initializer = "normal",
    ) -> None:
        self.rows, self.dim, self.optimizer = rows, dim, optimizer
        self._storage = fresh(rows, dim * (1 + optimizer.slots) + optimizer.row_slots)
        for start in range(0, rows, _CHUNK):
            part = self._storage[start : start + _CHUNK]
            random = np.random.default_rng((seed, start))
            part[:, :dim] = draw(initializer, (len(part), dim), stddev, random)
            part[:, dim:] = optimizer.start(part[:, :dim])

    def pull(self, ids: Ints) -> Floats:
        """Weights `(n, dim)` of rows `ids` int32 (n,), which may repeat.

        Raises IndexError where there is no such row.
        """
        self._require(ids)
        found = fresh(len(ids), self.dim)
        in_parts(lambda part: _pull(self._storage, ids[part], found[part]), len(ids))
        return found

    def push(self, ids: Ints, gradient: Floats, rate: float) -> None:
        """Update rows `ids` int32 (n,), which must be distinct, by gradients `(n, dim)`.

        `rate` is what the learning rate of this step is multiplied by. Raises IndexError where
        there is no such row.
        """
        self._require(ids)

        def update(part: slice) -> None:
            self.optimizer.update(self._storage, ids[part], gradient[part], rate)

        in_parts(update, len(ids))

    def _require(self, ids: Ints) -> None:
        if len(ids) and not (ids.min() >= 0 and ids.max() < self.rows):
            raise IndexError(
                f"a table of {self.rows} rows has those from 0 on; asked for were rows "
                f"{ids.min()} to {ids.max()}"
            )

    def not_finite(self) -> int | None:
        """The first row with a weight or state that is not finite; None where all are."""
        for start in range(0, self.rows, _CHUNK):
            finite = np.isfinite(self._storage[start : start + _CHUNK]).all(1)
            if not finite.all():
                return start + int(finite.argmin())
        return None

    @property
    def weights(self) -> Floats:
        """Copy of the weights, float32 (rows, dim)."""
        return self._storage[:, : self.dim].copy()

    @property
    def storage(self) -> Floats:
        """Copy of all: float32 (rows, dim * (1 + slots) + row_slots)."""
        return self._storage.copy()

    @property
    def view(self) -> Floats:
        """What `storage` copies, as it is now and will be, to be read alone."""
        found = self._storage.view()
        found.flags.writeable = False
        return found

    def restore(self, storage: Floats) -> None:
        """Take over what `storage` gave. Raises ValueError for another shape or dtype."""
        shape = self._storage.shape
        if storage.shape != shape or storage.dtype != np.float32:
            raise ValueError(
                f"a table must be float32 {shape}; what was saved is {storage.dtype} "
                f"{storage.shape}"
            )
        self.put(0, storage)

    def put(self, first: int, storage: Floats) -> None:
        """Set the rows from `first` on, weights and state, to what `storage` gave of others.

        Raises ValueError for rows of another width or dtype, or more of them than there are.
        """
        width = self._storage.shape[1]
        if storage.dtype != np.float32 or storage.shape[1:] != (width,):
            raise ValueError(
                f"rows must be float32 of {width} numbers; they are {storage.dtype} of "
                f"{storage.shape[1:]}"
            )
        if first + len(storage) > self.rows:
            raise ValueError(
                f"there are {self.rows} rows; {len(storage)} from {first} on are too many"
            )
        self._storage[first : first + len(storage)] = storage


@compiled
def _pull(storage: Any, ids: Any, found: Any) -> None:
    dim = found.shape[1]
    for i in range(len(ids)):
        fetch_ahead(storage, ids, i, dim)
        row = storage[ids[i]]
        weights = found[i]
        for j in range(dim):
            weights[j] = row[j]
