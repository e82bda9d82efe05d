"""Field-weighted factorization machines."""

from __future__ import annotations

import numpy as np

from models.blocks.pairs import field_pairs
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class FieldWeighted(keras.layers.Layer):
    """sum over i < j of r_ij <v_i, v_j>  =  sum_i <v_i, sum_j R_ij v_j>, R above the diagonal.

    `(batch, fields, dim)` float32 to `(batch, 1)`; zeros where there are fewer than two fields.
    FwFM, Pan et al., WWW 2018 (https://arxiv.org/abs/1806.03514). Always in float32, as a logit
    is.
    """

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__(dtype="float32")
        self._seed = seed

    def build(self, input_shape: tuple[int | None, int, int]) -> None:
        self._first, self._second = field_pairs(input_shape[1])
        if not self._first.size:  # a weight that nothing reads would have no gradient
            return
        # Glorot's, for one output of as many inputs as there are pairs.
        stddev = (2 / (1 + self._first.size)) ** 0.5
        self._strengths = self.add_weight(
            "strengths",
            [self._first.size],
            initializer=keras.initializers.RandomNormal(stddev=stddev, seed=self._seed),
        )

    def call(self, inputs: Tensor) -> Tensor:
        if not self._first.size:
            return tf.zeros([tf.shape(inputs)[0], 1])
        fields = inputs.shape[1]
        where = np.stack([self._first, self._second], 1)
        strengths = tf.scatter_nd(where, self._strengths, [fields, fields])
        return tf.reduce_sum(inputs * tf.matmul(strengths, inputs), [1, 2])[:, None]

    def output_dim(self) -> int:
        return 1
