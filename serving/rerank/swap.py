"""Neighbours that change places."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from serving.rerank.chosen import Chosen, Floats, NewPage, Rows, greedy, mixture
from serving.rerank.page import Page

Mask = npt.NDArray[np.bool_]


class Swap(BaseModel):
    """By a coin, the pairs of positions 0 and 1, 2 and 3 ... are taken, or those of 1 and 2, 3 and
    4 ...; each pair then changes places with `probability`.

    A pair stays that holds a pinned row, or reaches across the end of a cap or a share, so that no
    rule is broken.

    Radlinski and Joachims, "Minimally invasive randomization", AAAI 2006.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["swap"] = "swap"
    probability: float = Field(default=0.5, gt=0, le=1)

    def choose(self, new: NewPage, random: np.random.Generator) -> Chosen:
        page = new()
        best = greedy(page).order
        paired = np.stack([_pairs(page, first) for first in (0, 1)])
        side = int(random.integers(2))
        swapped = paired[side] & (random.random(page.depth) < self.probability)
        shown = np.arange(page.depth)
        shown[swapped] += 1
        shown[1:][swapped[:-1]] -= 1
        propensity = mixture(np.full(2, 0.5), np.stack([self._logs(shown, one) for one in paired]))
        marginal = np.mean([self._marginal(shown, one) for one in paired], axis=0)
        return Chosen(best[shown], propensity, marginal, below=1.0)

    def _logs(self, shown: Rows, paired: Mask) -> Floats:
        """Where these pairs are taken, the logs of each row given those above."""
        places = np.arange(len(shown))
        chances = np.where(shown == places, 1.0, 0.0)
        upper = np.flatnonzero(paired)
        stays, moves = shown[upper] == upper, shown[upper] == upper + 1
        chances[upper] = np.where(stays, 1 - self.probability, moves * self.probability)
        chances[upper + 1] = np.where(
            moves, shown[upper + 1] == upper, shown[upper + 1] == upper + 1
        )
        with np.errstate(divide="ignore"):
            logs: Floats = np.log(chances)
        return logs

    def _marginal(self, shown: Rows, paired: Mask) -> Floats:
        """Where these pairs are taken, of each row at its place whatever stands above."""
        partner = np.arange(len(shown))
        partner[paired] += 1
        partner[1:][paired[:-1]] -= 1
        places = np.arange(len(shown))
        stays = np.where(partner == places, 1.0, 1 - self.probability)
        return np.where(shown == places, stays, (shown == partner) * self.probability)


def _pairs(page: Page, first: int) -> Mask:
    """Whether a position is the upper one of a pair: bool (positions,)."""
    paired = np.zeros(page.depth, bool)
    paired[first : max(0, page.depth - 1) : 2] = True
    for limit in page.limits:
        if 0 < limit.top <= page.depth:
            paired[limit.top - 1] = False
    for position in page.pinned:
        paired[[one for one in (position - 1, position) if 0 <= one < page.depth]] = False
    return paired
