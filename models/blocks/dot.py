"""DLRM's interaction."""

from __future__ import annotations

import numpy as np

from models.blocks.pairs import dot_products
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class DotInteraction(keras.layers.Layer):
    """concat(d, <z_i, z_j> for j < i), z = (d, v_1, ..., v_fields).

    `(batch, fields, dim)` embedded fields and `(batch, dim)` d, the numerics' bottom MLP, both
    float32, to `(batch, dim + pairs)`. With `self_interaction` also <z_i, z_i>. DLRM, Naumov et
    al., 2019 (https://arxiv.org/abs/1906.00091), section 2.1.3.

    The layer of TensorFlow Recommenders gives the same products (the tests hold it to that); it
    picks them by a mask as large as the batch, where this one has constant indices.
    """

    def __init__(self, *, self_interaction: bool = False) -> None:
        super().__init__()
        self._self_interaction = self_interaction

    def call(self, embedded: Tensor, dense: Tensor) -> Tensor:
        dense = tf.cast(dense, self.compute_dtype)
        vectors = tf.concat([dense[:, None, :], embedded], 1)
        later, earlier = np.tril_indices(vectors.shape[1], 0 if self._self_interaction else -1)
        return tf.concat([dense, dot_products(vectors, later, earlier)], 1)

    def output_dim(self, fields: int, dim: int) -> int:
        return dim + (fields + 1) * (fields + 2 * self._self_interaction) // 2
