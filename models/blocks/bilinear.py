"""FinalMLP's fusion of two streams."""

from __future__ import annotations

from features.errors import ConfigError
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class BilinearFusion(keras.layers.Layer):
    """b + w_x x + w_y y + sum over heads h of x_h^T W_h y_h, x and y cut into heads.

    `(batch, any)` and `(batch, any)` float32 to `(batch, 1)`. FinalMLP, Mao et al., AAAI 2023
    (https://arxiv.org/abs/2304.00902), stream-level interaction aggregation, started as in FuxiCTR.

    Args:
        heads: of x and of y; each width must be a multiple.
        bias: where b starts.
        seed: of the weights.

    Raises:
        ConfigError: a width cannot be cut into the heads.
    """

    def __init__(self, heads: int = 1, *, bias: float = 0.0, seed: int = 0) -> None:
        super().__init__()
        self._heads, self._seed = heads, seed
        self._linear_x = keras.layers.Dense(
            1,
            kernel_initializer=keras.initializers.GlorotNormal(seed=seed),
            bias_initializer=keras.initializers.Constant(bias),
        )
        self._linear_y = keras.layers.Dense(
            1, use_bias=False, kernel_initializer=keras.initializers.GlorotNormal(seed=seed + 1)
        )

    def build(self, input_shape: tuple[tuple[int | None, int], tuple[int | None, int]]) -> None:
        widths = [shape[-1] for shape in input_shape]
        for width in widths:
            if width % self._heads:
                raise ConfigError(
                    f"A stream's width must be a multiple of the {self._heads} heads; it is "
                    f"{width}. Choose another number of heads, or another last layer."
                )
        size_x, size_y = (width // self._heads for width in widths)
        # Glorot's, for the flat weight of `heads * size_x * size_y` inputs that it is one of.
        stddev = (2 / (1 + self._heads * size_x * size_y)) ** 0.5
        self._bilinear = self.add_weight(
            "bilinear",
            [self._heads, size_x, size_y],
            initializer=keras.initializers.RandomNormal(stddev=stddev, seed=self._seed + 2),
        )

    def call(self, inputs: tuple[Tensor, Tensor]) -> Tensor:
        x, y = inputs
        heads_x, heads_y = (
            tf.reshape(one, [-1, self._heads, one.shape[1] // self._heads]) for one in inputs
        )
        met = tf.einsum("bhx,hxy->bhy", heads_x, self._bilinear) * heads_y
        crossed = tf.reduce_sum(met, [1, 2])[:, None]
        return self._linear_x(x) + self._linear_y(y) + crossed

    def output_dim(self) -> int:
        return 1
