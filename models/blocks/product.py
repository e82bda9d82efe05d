"""Products of pairs of fields."""

from __future__ import annotations

from typing import Literal

from models.blocks.pairs import dot_products, field_pairs
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor

Kernel = Literal["matrix", "vector", "number"]


class InnerProduct(keras.layers.Layer):
    """p_ij = <v_i, v_j> for i < j.

    `(batch, fields, dim)` float32 to `(batch, pairs)`, of no width where there are fewer than
    two fields. IPNN, Qu et al., ICDM 2016 (https://arxiv.org/abs/1611.00144), section III-B.
    """

    def call(self, inputs: Tensor) -> Tensor:
        return dot_products(inputs, *field_pairs(inputs.shape[1]))

    def output_dim(self, fields: int) -> int:
        return fields * (fields - 1) // 2


class OuterProduct(keras.layers.Layer):
    """p_ij = sum_kl K_ij[k, l] v_i[k] v_j[l] = v_i^T K_ij v_j for i < j: the outer product of
    v_i and v_j, weighed by a kernel of the pair's own.

    `(batch, fields, dim)` float32 to `(batch, pairs)`, of no width where there are fewer than
    two fields. K_ij is a whole `matrix`, a diagonal (`vector`) or a `number` times the unit
    matrix. OPNN, Qu et al., ICDM 2016 (https://arxiv.org/abs/1611.00144), section III-C, with
    the kernels of its sequel KPNN (Qu et al., TOIS 2018, https://arxiv.org/abs/1807.00311).
    """

    def __init__(self, kernel: Kernel = "matrix", *, seed: int = 0) -> None:
        super().__init__()
        self._kernel, self._seed = kernel, seed

    def build(self, input_shape: tuple[int | None, int, int]) -> None:
        _, fields, dim = input_shape
        self._first, self._second = field_pairs(fields)
        if not self._first.size:  # a weight that nothing reads would have no gradient
            return
        shape = {"matrix": [dim, dim], "vector": [1, dim], "number": [1, 1]}[self._kernel]
        # Each K_ij v_j as large as v_j: the variance of a sum of `dim` terms is theirs by `dim`.
        terms = dim if self._kernel == "matrix" else 1
        initial = keras.initializers.RandomNormal(stddev=terms**-0.5, seed=self._seed)
        self._kernels = self.add_weight("kernels", [len(self._first), *shape], initializer=initial)

    def call(self, inputs: Tensor) -> Tensor:
        if not self._first.size:
            return tf.zeros([tf.shape(inputs)[0], 0], inputs.dtype)
        left = tf.gather(inputs, self._first, axis=1)  # (batch, pairs, dim)
        right = tf.gather(inputs, self._second, axis=1)
        if self._kernel == "matrix":
            left = tf.einsum("bpk,pkl->bpl", left, self._kernels)
        else:
            left = left * self._kernels[:, 0]
        return tf.reduce_sum(left * right, 2)

    def output_dim(self, fields: int) -> int:
        return fields * (fields - 1) // 2
