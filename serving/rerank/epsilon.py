"""Uniform exploration now and then."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from serving.rerank.chosen import Chosen, Floats, NewPage, greedy, mixture, walk


class Epsilon(BaseModel):
    """With probability `epsilon` the list, or each position by itself, is filled at random.

    At random means: each open row alike. Otherwise the best one stands there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["epsilon"] = "epsilon"
    epsilon: float = Field(gt=0, le=1)
    per: Literal["list", "position"] = "list"

    def choose(self, new: NewPage, random: np.random.Generator) -> Chosen:
        return self._list(new, random) if self.per == "list" else self._positions(new, random)

    def _positions(self, new: NewPage, random: np.random.Generator) -> Chosen:
        def pick(values: Floats) -> tuple[int, float]:
            best = int(values.argmax())
            explore = random.random() < self.epsilon
            index = int(random.integers(len(values))) if explore else best
            sure = (1 - self.epsilon) * (index == best)
            return index, math.log(self.epsilon / len(values) + sure)

        order, logs = walk(new(), pick)
        return Chosen(order, np.exp(logs))

    def _list(self, new: NewPage, random: np.random.Generator) -> Chosen:
        """The rows above tell whether the list is one of those at random; what stands below is as
        likely as they then make it."""
        explore = random.random() < self.epsilon

        def pick(values: Floats) -> tuple[int, float]:
            index = int(random.integers(len(values))) if explore else int(values.argmax())
            return index, -math.log(len(values))

        page = new()
        order, uniform = walk(page, pick)
        best = greedy(new()).order if explore else order
        sure = np.where(order == best, 0.0, -np.inf)
        weights = np.array([self.epsilon, 1 - self.epsilon])
        propensity = mixture(weights, np.stack([uniform, sure]))
        if page.limits:
            return Chosen(order, propensity)
        # Without limits each row that is free is as likely at each place that is.
        free = 1 / max(1, len(page.scores) - len(page.pinned))
        alike = np.array([1.0 if one in page.pinned else free for one in range(page.depth)])
        return Chosen(
            order, propensity, self.epsilon * alike + (1 - self.epsilon) * (order == best)
        )
