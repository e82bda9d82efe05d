"""The logarithmic transformation of AFN."""

from __future__ import annotations

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor

_SMALLEST = 1e-5  # FuxiCTR's, which found it better than the paper's 1e-7


class LogarithmicTransform(keras.layers.Layer):
    """y_j = exp(sum_i w_ij ln max(|e_i|, 1e-5)): products of fields to learned powers.

    `(batch, fields, dim)` float32 to `(batch, dim * neurons)`, the elements slowest. AFN, Cheng,
    Shen & Huang, AAAI 2020 (https://arxiv.org/abs/1909.03276), section "Logarithmic
    Transformation Layer"; with `batch_norm`, of each field's logarithms and of each neuron's
    outputs. Always in float32: an exponential of rounded logarithms is far off. Without fields,
    every product is the empty one.
    """

    def __init__(self, neurons: int, *, batch_norm: bool = True, seed: int = 0) -> None:
        super().__init__(dtype="float32")
        self._neurons = neurons
        self._log_norm, self._exp_norm = (_norm() if batch_norm else None for _ in range(2))
        self._powers = keras.layers.Dense(
            neurons,
            use_bias=False,
            kernel_initializer=keras.initializers.GlorotNormal(seed=seed),
            dtype="float32",
        )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        _, fields, dim = inputs.shape
        if not fields:
            return tf.ones([tf.shape(inputs)[0], self.output_dim(dim)])
        logs = tf.math.log(tf.maximum(tf.abs(inputs), _SMALLEST))
        logs = tf.transpose(logs, [0, 2, 1])  # (batch, dim, fields)
        if self._log_norm is not None:
            logs = self._log_norm(logs, training=training)
        products = tf.exp(self._powers(logs))  # (batch, dim, neurons)
        if self._exp_norm is not None:
            products = self._exp_norm(products, training=training)
        return tf.reshape(products, [-1, self.output_dim(dim)])

    def output_dim(self, dim: int) -> int:
        return dim * self._neurons


def _norm() -> keras.layers.Layer:
    """Over batch and elements; momentum and epsilon as in the published runs."""
    return keras.layers.BatchNormalization(momentum=0.9, epsilon=1e-5, dtype="float32")
