"""Who looks where, and clicks."""

import numpy as np
from numpy.typing import NDArray

from ranking.clicks.appeal import Appeal
from ranking.clicks.lists import Lists
from ranking.clicks.users import UserKind, user

Floats = NDArray[np.float64]


class Audience:
    """The users of `ranking.clicks.users` before lists of one length.

    `P(click at k) = P(examined at k) P(click | examined)`; by default the position-based model of
    Joachims, Swaminathan and Schnabel, WSDM 2017 (https://arxiv.org/abs/1608.04468), where
    `P(examined at k) = (1 / k) ** eta`, k from 1. Relevance is float64 `(n, list)`, and what
    follows from it has its shape.
    """

    def __init__(self, kind: UserKind, eta: float, list_length: int) -> None:
        self._users = user(kind, eta, list_length)
        self._positions = np.arange(list_length, dtype=np.int32)

    def examination(self, relevance: Floats) -> Floats:
        """Probability of a look, whatever is clicked."""
        looks = self._users.examined(Appeal.of(relevance.ravel()), self._lists(relevance))
        return looks.reshape(relevance.shape)

    def click_probability(self, relevance: Floats) -> Floats:
        """Probability of a click, whatever else is clicked."""
        chance = self._users.probability(Appeal.of(relevance.ravel()), self._lists(relevance))
        return chance.reshape(relevance.shape)

    def click(self, relevance: Floats, uniform: Floats) -> NDArray[np.bool_]:
        """Clicks, by a uniform number a row."""
        appeal = Appeal.of(relevance.ravel())
        clicks = self._users.respond(appeal, self._lists(relevance), uniform.ravel())
        return clicks.reshape(relevance.shape) > 0

    def _lists(self, relevance: Floats) -> Lists:
        count, length = relevance.shape
        return Lists(np.tile(self._positions, count), np.full(count, length, dtype=np.int64))
