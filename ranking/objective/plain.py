"""LambdaMART as it is: what was shown where plays no part."""

from __future__ import annotations

import numpy.typing as npt

from ranking.objective.lambdas import Floats, Lambdas
from ranking.objective.state import State, Stateful


class Plain(Stateful):
    """XGBoost's own gradients of `rank:ndcg`, `rank:map` and `rank:pairwise`, to the last bit."""

    def __init__(self, lambdas: Lambdas) -> None:
        self._lambdas, self._state = lambdas, State(objective="plain")

    def __call__(self, scores: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Gradient and hessian, float32 (rows,), at scores (rows,)."""
        found = self._lambdas(scores, self._state.rounds)
        self._state = self._state.next()
        return found.gradient, found.hessian
