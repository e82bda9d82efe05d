"""Batch normalisation over parts of a batch."""

from __future__ import annotations

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class GhostNorm(keras.layers.Layer):
    """gamma (x - E[x]) / sqrt(Var[x] + epsilon) + beta, with the moments of x's virtual batch.

    `(..., dim)` to the same. In training the rows are cut, in order, into as many even parts as
    there are times `size` in them, so that none is smaller than `size` unless the batch is; each
    is normalised by its own moments. Serving takes moving moments, which each part in turn moves
    by 1 - `momentum` (those of the variance, not of its root).

    Hoffer et al., NIPS 2017 (https://arxiv.org/abs/1705.08741), algorithm 1.

    Args:
        size: least rows of a virtual batch; None for the whole batch.
        affine: whether gamma and beta are learned, or left out.
        momentum: what the moving moments keep at each part.
        epsilon: added to the variance.
    """

    def __init__(
        self,
        size: int | None,
        *,
        affine: bool = True,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__()
        self._size, self._affine = size, affine
        self._momentum, self._epsilon = momentum, epsilon

    def build(self, shape: Tensor) -> None:
        def weight(name: str, start: str, trainable: bool) -> Tensor:
            return self.add_weight(
                name=name,
                shape=(shape[-1],),
                dtype=tf.float32,
                initializer=start,
                trainable=trainable,
                experimental_autocast=False,  # moments need all their digits
            )

        if self._affine:
            self._gamma = weight("gamma", "ones", trainable=True)
            self._beta = weight("beta", "zeros", trainable=True)
        self._mean = weight("moving_mean", "zeros", trainable=False)
        self._variance = weight("moving_variance", "ones", trainable=False)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        gamma, beta = (self._gamma, self._beta) if self._affine else (1.0, 0.0)
        values = tf.cast(inputs, tf.float32)
        if training:
            normal = self._learn(tf.reshape(values, [-1, inputs.shape[-1]]))
            found = tf.reshape(normal, tf.shape(values)) * gamma + beta
        else:  # one factor and one term, which LiteRT folds into the layer before
            scale = tf.math.rsqrt(self._variance + self._epsilon) * gamma
            found = values * scale + (beta - self._mean * scale)
        return tf.cast(found, self.compute_dtype)

    def _learn(self, values: Tensor) -> Tensor:
        """Rows `(rows, dim)` normalised by their parts, which the moving moments take in."""
        rows = tf.shape(values, out_type=tf.int64)[0]
        parts = tf.maximum(rows // self._size, 1) if self._size else 1
        part = tf.range(rows) * parts // tf.maximum(rows, 1)
        means = tf.math.segment_mean(values, part)  # (parts, dim); no parts of no rows
        centred = values - tf.gather(means, part)
        variances = tf.math.segment_mean(centred**2, part)
        self._move(self._mean, means)
        self._move(self._variance, variances)
        return centred * tf.gather(tf.math.rsqrt(variances + self._epsilon), part)

    def _move(self, moving: Tensor, moments: Tensor) -> None:
        """Move by each of `(parts, dim)` in turn."""
        parts = tf.shape(moments)[0]
        later = tf.cast(parts - 1 - tf.range(parts), tf.float32)
        taken = (1 - self._momentum) * self._momentum ** later[:, None]
        kept = self._momentum ** tf.cast(parts, tf.float32)
        moving.assign(kept * moving + tf.reduce_sum(taken * moments, 0))

    def output_dim(self, input_dim: int) -> int:
        return input_dim
