"""Dropout that a training can be gone on with from any step."""

from __future__ import annotations

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class Dropout(keras.layers.Layer):
    """y = x m / (1 - rate), m = 0 with probability `rate`, else 1; in serving y = x.

    Srivastava et al., JMLR 2014 (https://jmlr.org/papers/v15/srivastava14a.html), section 10.
    The mask follows from the seed and from how many were drawn before, which the layer's own
    weight counts: what a checkpoint holds is all that there is. With `whole` there is one draw
    for all of the last axis.
    """

    def __init__(self, rate: float, *, whole: bool = False, seed: int) -> None:
        super().__init__()
        self._rate, self._whole, self._seed = rate, whole, seed
        self._drawn = self.add_weight(
            "drawn", shape=(), dtype=tf.int64, initializer="zeros", trainable=False
        )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training:
            return inputs
        seed = tf.stack([tf.constant(self._seed, tf.int64), self._drawn])
        self._drawn.assign_add(1)
        shape = tf.shape(inputs)
        shape = tf.concat([shape[:-1], [1]], 0) if self._whole else shape
        kept = tf.random.stateless_uniform(shape, seed) >= self._rate
        return tf.where(kept, inputs / (1 - self._rate), tf.zeros_like(inputs))


def dropout_layer(rate: float, *, seed: int) -> keras.layers.Layer:
    """Dropout, or where there is nothing to drop, a layer that changes and counts nothing."""
    return Dropout(rate, seed=seed) if rate else keras.layers.Activation("linear")
