"""Attention of a candidate to a history."""

from __future__ import annotations

from collections.abc import Sequence

from models.blocks.mask import masked
from models.blocks.mlp import MLP
from models.blocks.seeds import spawn
from models.blocks.softmax import masked_softmax
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class TargetAttention(keras.layers.Layer):
    """sum_t a(k_t, q) k_t, with a = w MLP([k, q, k - q, k * q]) + b.

    Not normalised, so that the intensity of an interest is kept; with `softmax` the a of the
    present elements become their softmax. b starts at 1, so that a history starts as about the sum
    of its elements: from 0 it would be small by the square, and its gradients too. An empty
    sequence gives zeros. What the MLP learns (the moments of Dice among it) it learns of present
    elements alone.

    DIN, Zhou et al., KDD 2018 (https://arxiv.org/abs/1706.06978), section 4.3 and figure 2.

    Args:
        hidden: outputs of the MLP's layers.
        activation: of the MLP; dice, prelu and sigmoid are the authors'.
        softmax: whether the weights of a sequence sum to 1.
        seed: of the initial weights.
    """

    def __init__(
        self,
        hidden: Sequence[int] = (36,),
        *,
        activation: str = "dice",
        softmax: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        first, last = spawn(seed, 2)
        self._softmax = softmax
        self._mlp = MLP(hidden, activation=activation, seed=first)
        self._head = keras.layers.Dense(
            1,
            kernel_initializer=keras.initializers.GlorotNormal(seed=last),
            bias_initializer="ones",
        )

    def call(self, elements: Tensor, query: Tensor, mask: Tensor, training: bool = False) -> Tensor:
        """To `(batch, dim)`.

        Args:
            elements: `(batch, length, dim)`.
            query: `(batch, dim)`, the candidate.
            mask: float32 `(batch, length)`, 1 where there is an element.
            training: whether moments are the batch's.
        """
        elements = masked(elements, mask)
        query = tf.cast(query, elements.dtype)
        if training:  # each present element in a row of its own, and nothing computed of padding
            present = tf.where(mask > 0)
            keys = tf.gather_nd(elements, present)
            rows = self._score(keys, tf.gather(query, present[:, 0]), training=True)
            scores = tf.scatter_nd(present, rows, tf.shape(mask, out_type=present.dtype))
        else:
            length, dim = elements.shape[1:]
            queries = tf.tile(query[:, None, :], [1, length, 1])
            keys, queries = (tf.reshape(one, [-1, dim]) for one in (elements, queries))
            scores = tf.reshape(self._score(keys, queries, training=False), [-1, length])
        weights = masked_softmax(scores, mask) if self._softmax else scores
        return tf.matmul(weights[:, None, :], elements)[:, 0]

    def _score(self, keys: Tensor, queries: Tensor, training: bool) -> Tensor:
        """`(rows, dim)` twice to `(rows,)`."""
        pairs = tf.concat([keys, queries, keys - queries, keys * queries], 1)
        return self._head(self._mlp(pairs, training=training))[:, 0]

    def output_dim(self, input_dim: int) -> int:
        return input_dim
