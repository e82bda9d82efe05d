"""Pairs of fields, as constant indices that serving can hold."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.keras import tf
from models.optimizers.optimizer import Tensor

Indices = npt.NDArray[np.intp]


def field_pairs(fields: int) -> tuple[Indices, Indices]:
    """The fields i < j of each pair: (0, 1), (0, 2), ..., (1, 2), ..."""
    first, second = np.triu_indices(fields, 1)
    return first, second


def dot_products(vectors: Tensor, first: Indices, second: Indices) -> Tensor:
    """<v_first, v_second> of each pair: `(batch, fields, dim)` to `(batch, pairs)`.

    One matrix product gives them all; taking the vectors pair by pair would move `dim` times as
    much.
    """
    fields = vectors.shape[1]
    if not first.size:
        return tf.zeros([tf.shape(vectors)[0], 0], vectors.dtype)
    every = tf.reshape(tf.matmul(vectors, vectors, transpose_b=True), [-1, fields * fields])
    return tf.gather(every, first * fields + second, axis=1)
