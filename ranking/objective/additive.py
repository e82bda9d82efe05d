"""LambdaMART on scores to which each position adds its own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from ranking.objective.lambdas import Doubles, Floats, Lambdas
from ranking.objective.positions import at_depth, position_sums
from ranking.objective.state import State, Stateful

_DAMPING = 1e-3  # LightGBM's, of a Newton step without curvature


class Additive(Stateful):
    """The clicks of a position are explained by its own score, which the trees need not learn.

    A row is ranked by its score plus that of its position, which takes a damped Newton step a
    round, as by LightGBM's `lambdarank_position_bias_regularization`:

        bias[k] -= rate (G + r n bias[k]) / (H + r n + 0.001)

    over the n rows of position k, with G the sum of their gradients, H of their second derivatives
    (half of XGBoost's hessians, which are doubled), r `regularization` and rate that of learning.
    Positions beyond `depth` share the last. The trees are to be evaluated without it.

    `bias`: `score`, by which a click at a position is likelier; only differences mean anything.

    Raises:
        ConfigError: the lambdas have no positions, or numbers out of range.
    """

    def __init__(
        self,
        lambdas: Lambdas,
        *,
        depth: int,
        learning_rate: float,
        regularization: float = 0.0,
    ) -> None:
        if depth < 1 or not learning_rate > 0 or not regularization >= 0:
            raise ConfigError(
                "The depth must be 1 or more, the learning rate above 0, the regularization 0 or "
                f"more; they are {depth}, {learning_rate} and {regularization}."
            )
        self._lambdas, self._depth = lambdas, depth
        self._rate, self._regularization = learning_rate, regularization
        self._position = at_depth(lambdas.position, depth)
        self._state = State(objective="additive", bias={"score": [0.0] * depth})

    def __call__(self, scores: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Gradient and hessian, float32 (rows,), at scores (rows,); then learns the bias."""
        bias = self._state.values("score")
        added = np.asarray(scores, np.float32).reshape(-1) + bias.astype(np.float32)[self._position]
        found = self._lambdas(added, self._state.rounds)
        rows = found.gradient, found.hessian, np.ones(len(added))
        sums = self._lambdas.reduce(position_sums(self._position, self._depth, *rows))
        self._state = self._state.next(score=bias + self._step(bias, sums))
        return found.gradient, found.hessian

    def _step(self, bias: Doubles, sums: Doubles) -> Doubles:
        gradient, doubled, rows = sums
        pull = self._regularization * rows
        step: Doubles = (gradient + pull * bias) / (doubled / 2 + pull + _DAMPING)
        return -self._rate * step
