"""LambdaMART with clicks weighted by how seldom their position is examined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, DataError
from ranking.objective.lambdas import Floats, Lambdas
from ranking.objective.positions import at_depth
from ranking.objective.state import State, Stateful


class IPW(Stateful):
    """A pair counts 1 / examination of its click's position: inverse propensity weighting.

    examination: float64 (depth,), relative to the first position; beyond the depth the last value.
    propensity: float (rows,), in its place where each row was logged with one.
    clip: what is smaller is raised to it, which bounds the variance at the price of some bias.
    Queries are normalized before they are weighted: later it would take most of the weight back.
    Joachims et al., "Unbiased Learning-to-Rank with Biased Feedback", WSDM 2017.

    Raises:
        DataError: an examination that is not above 0 and finite, or propensities of other rows.
        ConfigError: the lambdas have no positions, or neither of both is given.
    """

    def __init__(
        self,
        lambdas: Lambdas,
        examination: npt.ArrayLike | None = None,
        *,
        propensity: npt.ArrayLike | None = None,
        clip: float = 0.01,
    ) -> None:
        self._lambdas = lambdas
        if propensity is not None:
            own = np.asarray(propensity, np.float64)
            _check_rows(own, len(lambdas.label))
            self._weights = 1 / np.maximum(own, clip)
            self._state = State(objective="ipw")
            return
        if examination is None:
            raise ConfigError(
                "Inverse propensity weighting needs the examination of positions or the propensity "
                "of rows; there is neither. Give one, or use Plain."
            )
        given = np.asarray(examination, np.float64)
        if given.ndim != 1 or not len(given) or not (np.isfinite(given) & (given > 0)).all():
            raise DataError(
                "Examination must be a positive, finite number for each position; it is "
                f"{given.tolist()}. Estimate it anew, or cut it where it ends."
            )
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


def _check_rows(propensity: npt.NDArray[np.float64], rows: int) -> None:
    if propensity.shape != (rows,) or not (np.isfinite(propensity) & (propensity > 0)).all():
        raise DataError(
            f"Propensities must be positive, finite numbers, one for each of the {rows} rows; got "
            f"shape {propensity.shape}. Hand in the rows' own."
        )
