"""Co-action units: one side's embedding is a network that the other side goes through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from features.errors import ConfigError
from models.blocks.mask import masked
from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class CoAction(keras.layers.Layer):
    """h_0 = e^c; h_j = tanh(h_{j-1} W_j + b_j), without tanh in the last layer; sum_t [h_1 .. h_J].

    An element e of the sequence goes through the micro-MLP whose weights are the item's row, once
    an order c = 1 .. `orders` (element-wise powers); what all layers of all orders give stands
    side by side, the first order first, and is summed over the present elements. An empty
    sequence gives zeros.

    The row holds W_1, b_1, W_2, b_2 ..., each `(inputs, outputs)` in row-major order; without
    `bias`, as in the authors' code, no b; with `order_independent` one such set an order.

    CAN, Bian et al., WSDM 2022 (https://arxiv.org/abs/2011.05625), its co-action unit with
    multi-order enhancement, whose orders the authors' code concatenates.

    Args:
        layers: outputs of each layer of the micro-MLP.
        orders: powers of the elements, from the first on.
        order_independent: whether each order has its own weights.
        bias: whether the layers have one.
    """

    def __init__(
        self,
        layers: Sequence[int] = (8, 4),
        *,
        orders: int = 1,
        order_independent: bool = False,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self._layers, self._orders, self._bias = tuple(layers), orders, bias
        self._sets = orders if order_independent else 1

    @staticmethod
    def parameters(
        dim: int,
        layers: Sequence[int] = (8, 4),
        *,
        orders: int = 1,
        order_independent: bool = False,
        bias: bool = False,
    ) -> int:
        """Floats in the item's row, for elements of `dim`."""
        one = sum(i * o for i, o in pairwise([dim, *layers])) + bias * sum(layers)
        return one * (orders if order_independent else 1)

    def call(self, elements: Tensor, parameters: Tensor, mask: Tensor | None = None) -> Tensor:
        """To `(batch, output_dim)`.

        Args:
            elements: `(batch, length, dim)`, or one vector `(batch, dim)`.
            parameters: `(batch, P)`, the items' rows.
            mask: float32 `(batch, length)`, 1 where there is an element; None where all are.

        Raises:
            ConfigError: the rows are not of `parameters(dim)` floats.
        """
        if len(elements.shape) == 2:
            elements = elements[:, None, :]
        if mask is not None:
            elements = masked(elements, mask)
        # Powers of a sequence side by side: (batch, orders, length, dim).
        hidden = tf.stack(list(accumulate([elements] * self._orders, tf.multiply)), 1)
        outputs: list[Tensor] = []
        rows = tf.cast(parameters, self.compute_dtype)
        for weight, bias in self._unpack(rows, elements.shape[2]):
            hidden = tf.matmul(hidden, weight) + bias
            if len(outputs) < len(self._layers) - 1:
                hidden = tf.tanh(hidden)
            outputs.append(hidden)
        found = tf.concat(outputs, 3)
        if mask is not None:  # an element of zeros has outputs too, where there is a bias
            found = masked(found, mask[:, None, :])
        return tf.reshape(tf.reduce_sum(found, 2), [-1, self.output_dim(elements.shape[2])])

    def _unpack(self, rows: Tensor, dim: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Each layer's weight `(batch, sets, inputs, outputs)` and bias `(batch, sets, 1, ·)`."""
        one = CoAction.parameters(dim, self._layers, bias=self._bias)
        if rows.shape[1] != self._sets * one:
            raise ConfigError(
                f"The rows of a co-action over elements of {dim} must hold {self._sets * one} "
                f"floats; they hold {rows.shape[1]}. Give their table that dimension."
            )
        sets = tf.reshape(rows, [-1, self._sets, one])
        start = 0
        for inputs, outputs in pairwise([dim, *self._layers]):
            end = start + inputs * outputs
            weight = tf.reshape(sets[:, :, start:end], [-1, self._sets, inputs, outputs])
            start = end + self._bias * outputs
            yield weight, sets[:, :, None, end:start] if self._bias else 0.0

    def output_dim(self, input_dim: int) -> int:  # noqa: ARG002
        return self._orders * sum(self._layers)
