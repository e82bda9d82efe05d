"""Dropout that a training can be gone on with from any step."""

from __future__ import annotations

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class Dropout(keras.layers.Layer):
    """y = x m / (1 - rate), m = 0 with probability `rate`, else 1; in serving y = x.

    Srivastava et al., JMLR 2014. The mask follows from the seed and from how many were drawn
    before, which the layer's own weight counts: what a checkpoint holds is all that there is.
    """

    def __init__(self, rate: float, *, seed: int) -> None:
        super().__init__()
        self._rate, self._seed = rate, seed
        self._drawn = self.add_weight(
            "drawn", shape=(), dtype=tf.int64, initializer="zeros", trainable=False
        )

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not training or not self._rate:
            return inputs
        seed = tf.stack([tf.constant(self._seed, tf.int64), self._drawn])
        self._drawn.assign_add(1)
        kept = tf.random.stateless_uniform(tf.shape(inputs), seed) >= self._rate
        return tf.where(kept, inputs / (1 - self._rate), tf.zeros_like(inputs))
