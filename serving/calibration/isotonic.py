"""Isotonic calibration: any increasing curve."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, Self

import numpy as np
from pydantic import model_validator

from serving.calibration.curve import Curve, flat
from serving.calibration.outcomes import Doubles, Outcomes

_KNOTS = 1000
_GRID = 64  # cells of logits a unit


class Isotonic(Curve):
    """Straight between knots (x, y), both logits and ascending; beyond them, of slope 1.

    The knots are the blocks of the isotonic regression: mean logit, and logit of the click rate.
    Joined rather than stepped, since a step ties all rows of a block, and ties do not rank.
    Zadrozny and Elkan, "Transforming Classifier Scores into Accurate Multiclass Probability
    Estimates", KDD 2002.
    """

    type: Literal["isotonic"] = "isotonic"
    x: tuple[float, ...]
    y: tuple[float, ...]

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        ascending = all((np.diff(values) > 0).all() for values in (self.x, self.y))
        if not (2 <= len(self.x) == len(self.y) and ascending):
            raise ValueError("x and y must be as many ascending numbers, at least two")
        return self

    @classmethod
    def fit(cls, outcomes: Outcomes) -> Self:
        """At most `_KNOTS` knots. Raises DataError: clicks do not become likelier with the logit.

        Of n rows, a rate is kept at least 1 / (n + 2) off 0 and 1, which n rows cannot attest.
        """
        x, rate = blocks(outcomes)
        edge = 1 / (len(outcomes.labels) + 2)
        rate, first = np.unique(np.clip(rate, edge, 1 - edge), return_index=True)
        if len(rate) < 2:
            raise flat()
        few = np.unique(np.linspace(0, len(rate) - 1, _KNOTS).round().astype(np.intp))
        knots, rate = x[first][few], rate[few]
        return cls(x=tuple(knots.tolist()), y=tuple(np.log(rate / (1 - rate)).tolist()))

    def bend(self, raw: Doubles) -> Doubles:
        x, y = self._knots
        left = np.clip(np.searchsorted(x, raw, side="right") - 1, 0, len(x) - 2)
        share = (raw - x[left]) / (x[left + 1] - x[left])
        # A bound a knot, since the last bit of a sum may pass it.
        inside = y[left] + np.clip(share, 0, 1) * (y[left + 1] - y[left])
        inside = np.minimum(inside, y[left + 1])
        return np.asarray(inside + np.minimum(raw - x[0], 0) + np.maximum(raw - x[-1], 0))

    @cached_property
    def _knots(self) -> tuple[Doubles, Doubles]:
        return np.array(self.x), np.array(self.y)


def blocks(outcomes: Outcomes) -> tuple[Doubles, Doubles]:
    """Mean logit and click rate, both ascending, of the blocks of the isotonic regression.

    Pool adjacent violators: neighbours that do not increase are one block in the solution, so
    whole runs of them are pooled at once until there are none. Logits are rounded to 1/64 first:
    knots that are closer make a cliff, which the last bits of another engine may fall off.
    """
    x, place = np.unique(np.rint(outcomes.logits * _GRID) / _GRID, return_inverse=True)
    mass = np.bincount(place, outcomes.weights)
    clicks = np.bincount(place, outcomes.weights * outcomes.labels)
    moment = x * mass
    while True:
        starts = np.flatnonzero(np.diff(clicks / mass, prepend=-1.0) > 0)
        if len(starts) == len(mass):
            return moment / mass, clicks / mass
        mass, clicks, moment = (np.add.reduceat(one, starts) for one in (mass, clicks, moment))
