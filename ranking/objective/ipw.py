"""LambdaMART with clicks weighted by how seldom their position is examined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import DataError
from ranking.objective.lambdas import Floats, Lambdas
from ranking.objective.positions import at_depth
from ranking.objective.state import State, Stateful


class IPW(Stateful):
    """A pair counts 1 / examination of its click's position: inverse propensity weighting.

    examination: float64 (depth,), relative to the first position; beyond the depth the last value.
    clip: what is smaller is raised to it, which bounds the variance at the price of some bias.
    Queries are normalized before they are weighted: later it would take most of the weight back.
    Joachims et al., "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017.

    Raises:
        DataError: an examination that is not above 0 and finite.
        ConfigError: the lambdas have no positions.
    """

    def __init__(
        self,
        lambdas: Lambdas,
        examination: npt.ArrayLike,
        *,
        clip: float = 0.01,
    ) -> None:
        given = np.asarray(examination, np.float64)
        if given.ndim != 1 or not len(given) or not (np.isfinite(given) & (given > 0)).all():
            raise DataError(
                "Examination must be a positive, finite number for each position; it is "
                f"{given.tolist()}. Estimate it anew, or cut it where it ends."
            )
        self._lambdas = lambdas
        clipped = np.maximum(given, clip)
        self._weights = (1 / clipped)[at_depth(lambdas.position, len(clipped))]
        self._state = State(objective="ipw", bias={"examination": clipped.tolist()})

    def __call__(self, scores: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Gradient and hessian, float32 (rows,), at scores (rows,)."""
        found = self._lambdas(scores, self._state.rounds, higher=self._weights)
        self._state = self._state.next()
        return found.gradient, found.hessian

    def restore(self, state: Mapping[str, Any]) -> None:
        """Only the rounds are taken: examination is given, not learned."""
        rounds = self._state.read(state).rounds
        self._state = self._state.model_copy(update={"rounds": rounds})
