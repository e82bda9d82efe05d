"""Self-attention over the fields of an example."""

from __future__ import annotations

from models.blocks.dropout import dropout_layer
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class FieldAttention(keras.layers.Layer):
    """In each layer and head, a_mk = softmax over k of <W_q e_m, W_k e_k>;
    e'_m = sum_k a_mk W_v e_k;  then, the heads side by side, e_m = relu(norm(e'_m + W_res e_m)).

    `(batch, fields, dim)` float32 to `(batch, fields, heads * head_dim)`. AutoInt, Song et al.,
    CIKM 2019 (https://arxiv.org/abs/1810.11921), equations 5 to 8.

    Args:
        layers: how often the fields attend to each other.
        heads: subspaces of `head_dim` each.
        residual: add W_res e_m; W_res is left out where the sizes agree.
        scale: divide the products by sqrt(head_dim); the paper does not.
        layer_norm: normalise before the ReLU; the paper does not.
        dropout: of the attention weights, in training.
        seed: of weights and dropout.
    """

    def __init__(
        self,
        layers: int,
        *,
        heads: int = 2,
        head_dim: int = 16,
        residual: bool = True,
        scale: bool = False,
        layer_norm: bool = False,
        dropout: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self._attends = [
            AttentionLayer(heads, head_dim, residual, scale, layer_norm, dropout, seed + 5 * i)
            for i in range(layers)
        ]
        self._dim = heads * head_dim if layers else None

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        if not inputs.shape[1]:  # LiteRT does not survive most operators on tensors of no values
            return tf.zeros(
                [tf.shape(inputs)[0], 0, self.output_dim(inputs.shape[2])], inputs.dtype
            )
        fields = inputs
        for attend in self._attends:
            fields = attend(fields, training=training)
        return fields

    def output_dim(self, dim: int) -> int:
        return self._dim or dim


class AttentionLayer(keras.layers.Layer):
    """One layer of FieldAttention, whose arguments it has."""

    def __init__(
        self,
        heads: int,
        head_dim: int,
        residual: bool,
        scale: bool,
        layer_norm: bool,
        dropout: float,
        seed: int,
    ) -> None:
        super().__init__()
        self._heads, self._head_dim, self._residual, self._seed = heads, head_dim, residual, seed
        self._scale = head_dim**-0.5 if scale else 1.0
        self._query, self._key, self._value = (self._project(i) for i in range(3))
        self._match: keras.layers.Layer | None = None
        self._dropout = dropout_layer(dropout, seed=seed + 4)
        self._norm: keras.layers.Layer | None = None
        self._layer_norm = layer_norm

    def _project(self, part: int) -> keras.layers.Layer:
        return keras.layers.Dense(
            self._heads * self._head_dim,
            use_bias=False,
            kernel_initializer=keras.initializers.GlorotNormal(seed=self._seed + part),
        )

    def build(self, input_shape: tuple[int | None, int, int]) -> None:
        if self._residual and input_shape[-1] != self._heads * self._head_dim:
            self._match = self._project(3)
        if self._layer_norm:
            self._norm = keras.layers.LayerNormalization(epsilon=1e-5)

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        query, key, value = (
            self._split(project(inputs)) for project in (self._query, self._key, self._value)
        )
        scores = tf.matmul(query, key, transpose_b=True) * self._scale  # (batch, heads, m, k)
        weights = self._dropout(tf.nn.softmax(scores, axis=3), training=training)
        seen = tf.transpose(tf.matmul(weights, value), [0, 2, 1, 3])
        found = tf.reshape(seen, [-1, inputs.shape[1], self._heads * self._head_dim])
        if self._residual:
            found = found + (inputs if self._match is None else self._match(inputs))
        return tf.nn.relu(found if self._norm is None else self._norm(found))

    def _split(self, projected: Tensor) -> Tensor:
        """`(batch, fields, heads * head_dim)` to `(batch, heads, fields, head_dim)`."""
        shape = [-1, projected.shape[1], self._heads, self._head_dim]
        return tf.transpose(tf.reshape(projected, shape), [0, 2, 1, 3])
