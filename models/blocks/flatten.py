"""What dense layers read of an example, in one row."""

from __future__ import annotations

from models.keras import tf
from models.optimizers.optimizer import Tensor


def flatten(embedded: Tensor, numerics: Tensor) -> Tensor:
    """`(batch, width, dim)` and `(batch, n)` to float32 `(batch, width * dim + n)`."""
    return side_by_side(together(embedded), numerics)


def together(embedded: Tensor) -> Tensor:
    """`(batch, width, dim)` to `(batch, width * dim)`."""
    size = embedded.shape[1] * embedded.shape[2]
    rows = -1 if size else tf.shape(embedded)[0]  # cannot be inferred from no values
    return tf.reshape(embedded, [rows, size])


def side_by_side(*parts: Tensor) -> Tensor:
    """`(batch, any)` of any precision to float32 `(batch, sum of widths)`."""
    return tf.concat([tf.cast(one, tf.float32) for one in parts], 1)
