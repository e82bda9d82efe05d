"""What dense layers read of an example, in one row."""

from __future__ import annotations

from models.keras import tf
from models.optimizers.optimizer import Tensor


def flatten(embedded: Tensor, numerics: Tensor) -> Tensor:
    """`(batch, width, dim)` and `(batch, numerics)` to `(batch, width * dim + numerics)`."""
    size = embedded.shape[1] * embedded.shape[2]
    rows = -1 if size else tf.shape(embedded)[0]  # cannot be inferred from no values
    return tf.concat([tf.reshape(embedded, [rows, size]), numerics], 1)
