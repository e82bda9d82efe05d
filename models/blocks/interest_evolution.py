"""How an interest evolved towards a candidate."""

from __future__ import annotations

from models.blocks.mask import masked
from models.blocks.seeds import spawn
from models.blocks.softmax import masked_softmax
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class InterestEvolution(keras.layers.Layer):
    """The last state of an AUGRU over the states h_t of a GRU over the history.

    GRU: u = sigmoid(W_u x + U_u h + b_u); r = sigmoid(W_r x + U_r h + b_r);
    c = tanh(W_c x + r * U_c h + b_c); h' = (1 - u) * h + u * c.
    AUGRU: the same with a_t u for u, where a = softmax(h_t W q) over the present elements.
    Padding leaves the state as it is, and an empty sequence gives zeros.

    DIEN, Zhou et al., AAAI 2019 (https://arxiv.org/abs/1809.03672), its interest extractor and
    interest evolving layers, without the auxiliary loss. Both are unrolled over the length.

    Args:
        units: of both recurrences' states; None for as many as the elements have.
        seed: of the initial weights.
    """

    def __init__(self, units: int | None = None, *, seed: int = 0) -> None:
        super().__init__()
        self._units, self._seeds = units, spawn(seed, 3)

    def build(self, shape: Tensor) -> None:
        first, second, last = self._seeds
        units = self.output_dim(shape[-1])
        self._extractor, self._evolution = _GRU(units, seed=first), _GRU(units, seed=second)
        self._relevance = keras.layers.Dense(
            units, use_bias=False, kernel_initializer=keras.initializers.GlorotNormal(seed=last)
        )

    def call(self, elements: Tensor, query: Tensor, mask: Tensor) -> Tensor:
        """To `(batch, output_dim)`.

        Args:
            elements: `(batch, length, dim)`, the oldest first.
            query: `(batch, any)`, the candidate.
            mask: float32 `(batch, length)`, 1 where there is an element.
        """
        elements = masked(elements, mask)
        interests = self._extractor(elements, mask)
        scores = tf.matmul(interests, self._relevance(query)[:, :, None])[:, :, 0]
        return self._evolution(interests, masked_softmax(scores, mask))[:, -1]

    def output_dim(self, input_dim: int) -> int:
        return input_dim if self._units is None else self._units


class _GRU(keras.layers.Layer):
    """States `(batch, length, units)`, where each update is scaled by `share` `(batch, length)`."""

    def __init__(self, units: int, *, seed: int) -> None:
        super().__init__()
        self._units, self._seeds = units, spawn(seed, 2)

    def build(self, shape: Tensor) -> None:
        size = 3 * self._units
        glorot = keras.initializers.GlorotUniform(seed=self._seeds[0])
        orthogonal = keras.initializers.Orthogonal(seed=self._seeds[1])
        self._kernel = self.add_weight("kernel", (shape[-1], size), initializer=glorot)
        self._recurrent = self.add_weight(
            "recurrent_kernel", (self._units, size), initializer=orthogonal
        )
        self._bias = self.add_weight("bias", (size,), initializer="zeros")

    def call(self, inputs: Tensor, share: Tensor) -> Tensor:
        length, dim = inputs.shape[1:]
        share = tf.unstack(tf.cast(share, inputs.dtype)[:, :, None], axis=1)
        given = tf.matmul(tf.reshape(inputs, [-1, dim]), self._kernel) + self._bias
        given = tf.reshape(given, [-1, length, 3, self._units])
        state = tf.zeros_like(given[:, 0, 0])
        states = []
        # Three per step, cut in one operation: LiteRT's converter takes long over many slices.
        for part, gates in zip(share, tf.unstack(given, axis=1), strict=True):
            kept = tf.reshape(tf.matmul(state, self._recurrent), [-1, 3, self._units])
            (x_update, x_reset, x), (update, reset, h) = (
                tf.unstack(one, axis=1) for one in (gates, kept)
            )
            update = part * tf.sigmoid(x_update + update)
            candidate = tf.tanh(x + tf.sigmoid(x_reset + reset) * h)
            state = state + update * (candidate - state)
            states.append(state)
        return tf.stack(states, 1)
