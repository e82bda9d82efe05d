"""What the layer-wise rules share: slots of tf-keras's base class, and the trust ratio."""

from __future__ import annotations

from typing import Any

from models.keras import keras, tf
from models.optimizers.optimizer import Tensor


class Layerwise(keras.optimizers.Optimizer):
    """Keeps `slots`, named arrays of zeros in the shape of each weight."""

    slots: tuple[str, ...] = ()

    def __init__(self, learning_rate: float) -> None:
        super().__init__(name=type(self).__name__.strip("_").upper(), jit_compile=False)
        self._learning_rate = self._build_learning_rate(learning_rate)

    def build(self, var_list: list[Any]) -> None:
        super().build(var_list)
        if getattr(self, "_built", False):
            return
        self._state = [
            [self.add_variable_from_reference(one, slot) for slot in self.slots] for one in var_list
        ]
        self._built = True

    def state(self, variable: Any) -> list[Any]:
        """The slots of one weight."""
        return self._state[self._index_dict[self._var_key(variable)]]


def adapts(variable: Any) -> bool:
    """Whether a weight has decay and a step of its own: biases and scales, vectors, do not.

    As in the authors' code: a bias starts at zero, so its norm says nothing of its scale.
    """
    return len(variable.shape) > 1


def ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    """numerator / denominator, and 1 where either is zero."""
    known = tf.logical_and(numerator > 0, denominator > 0)
    return tf.where(known, tf.math.divide_no_nan(numerator, denominator), 1.0)
