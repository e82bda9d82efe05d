"""An embedding table whose rows carry their optimizer state."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.initializers import Initializer, draw
from models.keras import tf
from models.optimizers.optimizer import SparseOptimizer, Tensor

_CHUNK = 1 << 17  # rows written at a time: whole-table copies would double the memory


class Table:
    """Rows of `dim` weights and their optimizer state, stored side by side.

    A step pulls the distinct rows of a batch once, and pushes the summed gradients of those
    rows once: it reads and writes what the batch touched, whatever `rows` is. Rows start drawn,
    seeded. This is the seam at which storage may be sharded: the
    trainer knows only `pull` and `push`.

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
        width = dim * (1 + optimizer.slots) + optimizer.row_slots
        self._storage = tf.Variable(tf.zeros([rows, width]), trainable=False)
        for start in range(0, rows, _CHUNK):
            random = np.random.default_rng((seed, start))
            size = (min(_CHUNK, rows - start), dim)
            weights = tf.constant(draw(initializer, size, stddev, random))
            self._write(start, tf.concat([weights, optimizer.start(weights)], 1))

    def _write(self, start: int, stored: Tensor) -> None:
        rows = tf.range(start, start + len(stored))
        tf.raw_ops.ResourceScatterUpdate(
            resource=self._storage.handle, indices=rows, updates=stored
        )

    def pull(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Weights `(n, dim)` and state `(n, slots * dim + row_slots)` of rows `ids` int32 (n,)."""
        stored = tf.gather(self._storage, ids)
        return stored[:, : self.dim], stored[:, self.dim :]

    def push(
        self, ids: Tensor, weights: Tensor, state: Tensor, gradient: Tensor, rate: Tensor
    ) -> None:
        """Update rows `ids`, which must be distinct, from what `pull` gave and the gradient.

        `rate` is what the learning rate of this step is multiplied by, a scalar float32.
        """
        weights, state = self.optimizer.update(weights, state, gradient, rate)
        self._storage.scatter_update(tf.IndexedSlices(tf.concat([weights, state], 1), ids))

    def whole(self, ids: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """All weights `(rows, dim)`, and the gradient of rows `ids` among zeros of that shape."""
        shape = [self.rows, self.dim]
        return self._storage[:, : self.dim], tf.scatter_nd(ids[:, None], gradient, shape)

    def push_whole(self, gradient: Tensor, rate: Tensor) -> None:
        """Update every row from a gradient `(rows, dim)`: for tables that are small enough."""
        stored = self._storage.value()
        weights, state = stored[:, : self.dim], stored[:, self.dim :]
        weights, state = self.optimizer.update(weights, state, gradient, rate)
        self._storage.assign(tf.concat([weights, state], 1))

    def not_finite(self) -> int | None:
        """The first row with a weight or state that is not finite; None where all are."""
        for start in range(0, self.rows, _CHUNK):
            rows = tf.range(start, min(start + _CHUNK, self.rows))
            finite = tf.reduce_all(tf.math.is_finite(tf.gather(self._storage, rows)), 1).numpy()
            if not finite.all():
                return start + int(finite.argmin())
        return None

    @property
    def weights(self) -> npt.NDArray[np.float32]:
        """Copy of the weights, float32 (rows, dim)."""
        return self._storage.numpy()[:, : self.dim]

    @property
    def storage(self) -> Any:
        """Float32 (rows, dim * (1 + slots) + row_slots): what a checkpoint holds."""
        return self._storage.numpy()

    def restore(self, storage: npt.NDArray[np.float32]) -> None:
        """Take over what `storage` gave. Raises ValueError for another shape or dtype."""
        shape = tuple(self._storage.shape)
        if storage.shape != shape or storage.dtype != np.float32:
            raise ValueError(
                f"a table must be float32 {shape}; what was saved is {storage.dtype} "
                f"{storage.shape}"
            )
        self.put(0, storage)

    def put(self, first: int, storage: npt.NDArray[np.float32]) -> None:
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
        for start in range(0, len(storage), _CHUNK):
            self._write(first + start, tf.constant(storage[start : start + _CHUNK]))
