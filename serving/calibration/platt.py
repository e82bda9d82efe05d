"""Platt scaling: a line."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from features.errors import DataError
from serving.calibration.curve import Curve, flat
from serving.calibration.logistic import logistic
from serving.calibration.outcomes import Doubles, Outcomes


class Platt(Curve):
    """slope * logit + intercept: undoes overconfidence, and odds that are off by a factor.

    By plain maximum likelihood. Platt's smoothed targets, (n + 1) / (n + 2) for 1, are for
    margins on the rows that were trained on and would leave the mean prediction off the click
    rate. Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
    """

    type: Literal["platt"] = "platt"
    slope: float = Field(gt=0)
    intercept: float

    @classmethod
    def fit(cls, outcomes: Outcomes) -> Self:
        """Raises DataError: clicks do not become likelier with the logit, or are separated."""
        x, clicked = outcomes.logits, outcomes.labels == 1
        if x[clicked].min() >= x[~clicked].max() and x.min() < x.max():
            raise DataError(
                "Platt scaling needs labels that overlap; on validation the model's logits tell "
                "every click from every other row. Look for a feature that gives the label away, "
                "or set calibration.type = 'isotonic'."
            )
        line = logistic(x[:, None], outcomes)
        if line is None:
            raise flat()
        return cls(slope=float(line.slopes[0]), intercept=line.intercept)

    def bend(self, raw: Doubles) -> Doubles:
        return self.slope * raw + self.intercept
