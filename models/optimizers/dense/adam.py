"""Adam, AMSGrad and AdamW."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from models.keras import keras, tf
from models.optimizers.dense.optimizer import DenseOptimizer
from models.optimizers.optimizer import Tensor


class Adam(DenseOptimizer):
    """m = beta_1 m + (1 - beta_1) g;  v = beta_2 v + (1 - beta_2) g^2
    w -= lr sqrt(1 - beta_2^t) / (1 - beta_1^t) m / (sqrt(v) + epsilon)

    Kingma & Ba (ICLR 2015, https://arxiv.org/abs/1412.6980), in the form at the end of their
    section 2, whose epsilon is not corrected. With `amsgrad` the largest v so far takes the
    place of v (Reddi et al., ICLR 2018, https://arxiv.org/abs/1904.09237).
    """

    type: Literal["adam"] = "adam"
    learning_rate: float = Field(default=1e-3, gt=0)
    beta_1: float = Field(default=0.9, ge=0, lt=1)
    beta_2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-7, gt=0)
    amsgrad: bool = False

    def build(self) -> Any:
        kind = keras.optimizers.Adam if self.amsgrad else _Fused
        return kind(**self.model_dump(exclude={"type"}), jit_compile=False)


class _Fused(keras.optimizers.Adam):
    """tf-keras' Adam, of whose ten passes over a weight TensorFlow's own operator makes one."""

    def update_step(self, gradient: Tensor, variable: Any) -> None:
        index = self._index_dict[self._var_key(variable)]
        step = tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].handle,
            v=self._velocities[index].handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=self.learning_rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


class AdamW(DenseOptimizer):
    """w -= lr weight_decay w, then Adam's step: decay apart from the gradient's scale.

    Loshchilov & Hutter (ICLR 2019, https://arxiv.org/abs/1711.05101). Every weight decays,
    biases too.
    """

    type: Literal["adamw"] = "adamw"
    learning_rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.004, ge=0)
    beta_1: float = Field(default=0.9, ge=0, lt=1)
    beta_2: float = Field(default=0.999, ge=0, lt=1)
    epsilon: float = Field(default=1e-7, gt=0)
    amsgrad: bool = False

    def build(self) -> Any:
        return keras.optimizers.AdamW(**self.model_dump(exclude={"type"}), jit_compile=False)
