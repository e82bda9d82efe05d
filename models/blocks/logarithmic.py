"""The logarithmic transformation of AFN."""

from __future__ import annotations

import math

import numpy as np

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor

_SMALLEST = 1e-5  # FuxiCTR's, which found it better than the paper's 1e-7
_FARTHEST = 10.0  # standard deviations of a neuron's outputs


class LogarithmicTransform(keras.layers.Layer):
    """y_j = exp(sum_i w_ij ln max(|e_i|, 1e-5)): products of fields to learned powers.

    `(batch, fields, dim)` float32 to `(batch, dim * neurons)`, the elements slowest. AFN, Cheng,
    Shen & Huang, AAAI 2020 (https://arxiv.org/abs/1909.03276), section "Logarithmic
    Transformation Layer"; with `batch_norm`, of each field's logarithms and of each neuron's
    outputs. Always in float32: an exponential of rounded logarithms is far off. Without fields,
    every product is the empty one. The moving moments of the logarithms start at those of
    ln |N(0, stddev^2)|, which an untrained embedding has: mean ln(stddev) - (gamma + ln 2) / 2,
    gamma Euler's, and variance pi^2 / 8. Normalised products end 10 deviations from the mean:
    those of an id that training never saw may otherwise be hundreds away.
    """

    def __init__(
        self, neurons: int, *, batch_norm: bool = True, stddev: float = 1.0, seed: int = 0
    ) -> None:
        super().__init__(dtype="float32")
        self._neurons = neurons
        mean = math.log(stddev) - (np.euler_gamma + math.log(2)) / 2
        self._log_norm = _norm(mean, math.pi**2 / 8) if batch_norm else None
        self._exp_norm = _norm() if batch_norm else None
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
            products = tf.clip_by_value(products, -_FARTHEST, _FARTHEST)
        return tf.reshape(products, [-1, self.output_dim(dim)])

    def output_dim(self, dim: int) -> int:
        return dim * self._neurons


def _norm(mean: float = 0.0, variance: float = 1.0) -> keras.layers.Layer:
    """Over batch and elements; momentum and epsilon as in the published runs."""
    constant = keras.initializers.Constant
    return keras.layers.BatchNormalization(
        momentum=0.9,
        epsilon=1e-5,
        moving_mean_initializer=constant(mean),
        moving_variance_initializer=constant(variance),
        dtype="float32",
    )
