"""What all click models can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from ranking.clicks.appeal import Appeal
from ranking.clicks.lists import Lists

Floats = npt.NDArray[np.float64]
Clicks = npt.NDArray[np.float32]
# From rows and the probability of their clicks to whether they are clicked.
Decide = Callable[[npt.NDArray[np.int64], Floats], npt.NDArray[np.bool_]]

TINY: Final = 1e-12  # keeps 0 / 0, where it counts for nothing, a number


class ClickModel(BaseModel, ABC):
    """How users read lists: what the documents are to them is given as an Appeal (rows,).

    A document is clicked if it is looked at and attracts. Chuklin, Markov & de Rijke, Click Models
    for Web Search, 2015, whose formulas the models follow.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def examined(self, appeal: Appeal, lists: Lists) -> Floats:
        """P(looked at), float64 (rows,), whatever is clicked."""

    @abstractmethod
    def _read(self, appeal: Appeal, lists: Lists, decide: Decide) -> tuple[Floats, Clicks]:
        """P(click | clicks before it), and the clicks that `decide` gives, from the top down."""

    def probability(self, appeal: Appeal, lists: Lists) -> Floats:
        """P(click), float64 (rows,), whatever else is clicked."""
        return self.examined(appeal, lists) * appeal.attraction

    def conditional(self, appeal: Appeal, lists: Lists, click: npt.NDArray[Any]) -> Floats:
        """P(click | the clicks before it in its list), float64 (rows,)."""
        clicked = click > 0
        return self._read(appeal, lists, lambda rows, _: clicked[rows])[0]

    def respond(self, appeal: Appeal, lists: Lists, uniform: Floats) -> Clicks:
        """Clicks float32 (rows,), drawn with a uniform number a row."""
        return self._read(appeal, lists, lambda rows, chance: uniform[rows] < chance)[1]

    def simulate(
        self, relevance: npt.NDArray[Any], sizes: npt.NDArray[Any], rng: np.random.Generator
    ) -> Clicks:
        """Clicks float32 (rows,) on lists whose documents have this relevance, 0 to 1."""
        return self.respond(Appeal.of(relevance), Lists.of(sizes), rng.random(len(relevance)))
