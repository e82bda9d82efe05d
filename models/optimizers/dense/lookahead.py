"""Lookahead, around another rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field

from models.keras import keras, tf
from models.optimizers.dense.adam import Adam, AdamW
from models.optimizers.dense.lamb import LAMB
from models.optimizers.dense.lars import LARS
from models.optimizers.dense.optimizer import DenseOptimizer
from models.optimizers.dense.rmsprop import RMSProp
from models.optimizers.dense.sgd import SGD
from models.optimizers.optimizer import Tensor

Inner = Adam | AdamW | LAMB | LARS | RMSProp | SGD


class Lookahead(DenseOptimizer):
    """After every `steps` steps of `inner`: slow += alpha (w - slow);  w = slow

    Zhang et al. (NeurIPS 2019, https://arxiv.org/abs/1907.08610), Algorithm 1; the state of
    `inner` is kept from one round to the next. The slow weights start as what the weights are
    when the optimizer is built for them.
    """

    type: Literal["lookahead"] = "lookahead"
    inner: Inner = Field(default=Adam(), discriminator="type")
    steps: int = Field(default=5, ge=1)
    alpha: float = Field(default=0.5, gt=0, le=1)

    @property
    def learning_rate(self) -> float:
        return self.inner.learning_rate

    def build(self) -> Any:
        return _Lookahead(self)


class _Lookahead(keras.optimizers.Optimizer):
    def __init__(self, rule: Lookahead) -> None:
        super().__init__(name="Lookahead", jit_compile=False)
        self._rule, self._inner = rule, rule.inner.build()

    @property
    def learning_rate(self) -> Any:
        return self._inner.learning_rate

    @property
    def variables(self) -> list[Any]:
        return [*self._variables, *self._inner.variables]

    def build(self, var_list: list[Any]) -> None:
        super().build(var_list)
        if getattr(self, "_built", False):
            return
        self._inner.build(var_list)
        self._pairs = [
            (self.add_variable_from_reference(one, "slow", initial_value=one), one)
            for one in var_list
        ]
        self._built = True

    def update_step(self, gradient: Tensor, variable: Any) -> None:
        self._inner.update_step(gradient, variable)

    def apply_gradients(
        self, grads_and_vars: Iterable[tuple[Tensor, Any]], *arguments: Any, **options: Any
    ) -> Tensor:
        pairs = list(grads_and_vars)
        with tf.init_scope():
            self.build([variable for _, variable in pairs])
        self._inner.apply_gradients(pairs, *arguments, **options)
        step = self.iterations.assign_add(1)
        tf.cond(tf.equal(step % self._rule.steps, 0), self._meet, lambda: None)
        return step

    def _meet(self) -> None:
        for slow, fast in self._pairs:
            slow.assign_add(self._rule.alpha * (fast - slow))
            fast.assign(slow)
