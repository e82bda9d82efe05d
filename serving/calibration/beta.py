"""Beta calibration: a line with two slopes and a bend."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from serving.calibration.curve import Curve, flat
from serving.calibration.logistic import logistic
from serving.calibration.outcomes import Doubles, Outcomes

_PULL = 1.0  # a standard deviation of 1 around slopes of 1


class Beta(Curve):
    """a ln p - b ln(1 - p) + c with a, b >= 0: its slope is a far below 0 and b far above.

    Of the logit x that is c - a softplus(-x) + b softplus(x); a = b = 1, c = 0 change nothing.
    Kull, Silva Filho and Flach, "Beta Calibration", AISTATS 2017. To the likelihood comes a
    normal prior N(1, 1) on a and on b: where all logits are low, as clicks are rare, b hardly
    shows in the likelihood, and would be wild for the first high logit.
    """

    type: Literal["beta"] = "beta"
    a: float = Field(ge=0)
    b: float = Field(ge=0)
    c: float

    @model_validator(mode="after")
    def _increasing(self) -> Self:
        if self.a == self.b == 0:
            raise ValueError("one of a and b must be above 0")
        return self

    @classmethod
    def fit(cls, outcomes: Outcomes) -> Self:
        """Raises DataError: clicks do not become likelier with the logit."""
        x = outcomes.logits
        columns = np.column_stack([-np.logaddexp(0, -x), np.logaddexp(0, x)])
        line = logistic(columns, outcomes, _PULL)
        if line is None:
            raise flat()
        a, b = map(float, line.slopes)
        return cls(a=a, b=b, c=line.intercept)

    def bend(self, raw: Doubles) -> Doubles:
        return self.c - self.a * np.logaddexp(0, -raw) + self.b * np.logaddexp(0, raw)
