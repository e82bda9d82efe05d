"""FinalMLP's feature gating."""

from __future__ import annotations

from collections.abc import Sequence

from models.blocks.mlp import MLP
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class FeatureGate(keras.layers.Layer):
    """x * 2 sigmoid(W relu-MLP(context) + b): the context decides which features a stream sees.

    x `(batch, dim)` and the context `(batch, any)`, float32, to `(batch, dim)`. A gate is 1 where
    the context says nothing; one gate an element of x, as in FuxiCTR. FinalMLP, Mao et al., AAAI
    2023 (https://arxiv.org/abs/2304.00902), stream-specific feature selection.

    Without a context the gates are 2 sigmoid(b), the same for every row. FuxiCTR has a learned
    context there; it starts at zero behind a ReLU without biases, so that only b ever gets a
    gradient, and any MLP of a constant is a constant.
    """

    def __init__(self, hidden: Sequence[int] = (64,), *, seed: int = 0) -> None:
        super().__init__()
        self._hidden, self._seed = tuple(hidden), seed

    def build(self, input_shape: tuple[int | None, int]) -> None:
        self._bias = self.add_weight("bias", [input_shape[-1]], initializer="zeros")
        self._mlp = MLP(self._hidden, seed=self._seed)
        self._head = keras.layers.Dense(
            input_shape[-1],
            use_bias=False,
            kernel_initializer=keras.initializers.GlorotNormal(seed=self._seed + len(self._hidden)),
        )

    def call(self, inputs: Tensor, context: Tensor | None = None) -> Tensor:
        said = 0.0 if context is None else self._head(self._mlp(context))
        return inputs * 2.0 * tf.sigmoid(said + self._bias)

    def output_dim(self, input_dim: int) -> int:
        return input_dim
