"""LambdaMART that learns, pair by pair, how a click and a missing click depend on the position."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from ranking.objective.lambdas import Doubles, Floats, Lambdas
from ranking.objective.positions import at_depth, position_sums
from ranking.objective.state import State, Stateful

_TINY = 1e-16  # what a bias below it says is noise: not divided by, as in XGBoost


class Debiased(Stateful):
    """Unbiased LambdaMART: a pair is divided by t+ of its click's position and t- of the other's.

    Both are learned along with the trees (Hu et al., WWW 2019), relative to the first position:

        t+[i] = (sum of L / t-[j] over pairs whose click is at i, over the same at 0)^(1 / (1 + p))

    and t- likewise with the two exchanged (eq. 30 and 31). L is the pair's loss log(1 + exp(-s))
    times its change of the metric, p `norm`. Each round's gradients divide by what the round before
    taught, as in the authors' code. Positions beyond `depth` stand for its last, as there.

    XGBoost 3.2.0 differs: its L is log(1 + exp(s)), the loss of the pair turned round, which grows
    as the model becomes right (`turned=True` does so too); position is the order of rows; beyond
    `lambdarank_num_pair_per_sample` it neither debiases nor learns; query weights do not enter the
    sums.

    `bias`: `click` is t+, `no_click` t-: to the power 1 / (1 + norm), not examination itself.

    Raises:
        ConfigError: the lambdas have no positions, or numbers out of range.
    """

    def __init__(
        self,
        lambdas: Lambdas,
        *,
        depth: int,
        norm: float = 0.5,
        turned: bool = False,
        weigh_norm: bool = False,
    ) -> None:
        if depth < 1 or not norm >= 0:
            raise ConfigError(
                f"The depth must be 1 or more and the norm 0 or more; they are {depth} and {norm}."
            )
        self._lambdas, self._depth, self._norm, self._turned = lambdas, depth, norm, turned
        self._weigh_norm = weigh_norm
        self._position = at_depth(lambdas.position, depth)
        self._weight = lambdas.row_weight
        ones = [1.0] * depth
        self._state = State(objective="debiased", bias={"click": ones, "no_click": ones})

    def __call__(self, scores: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Gradient and hessian, float32 (rows,), at scores (rows,); then learns the bias."""
        found = self._lambdas(
            scores,
            self._state.rounds,
            higher=_inverse(self._state.values("click"))[self._position],
            lower=_inverse(self._state.values("no_click"))[self._position],
            weigh_norm=self._weigh_norm,
            costs=True,
            turned=self._turned,
        )
        costs = found.high_cost * self._weight, found.low_cost * self._weight
        sums = self._lambdas.reduce(position_sums(self._position, self._depth, *costs))
        self._state = self._state.next(
            click=_learned(self._state.values("click"), sums[0], self._norm),
            no_click=_learned(self._state.values("no_click"), sums[1], self._norm),
        )
        return found.gradient, found.hessian


def _inverse(bias: Doubles) -> Doubles:
    return np.divide(1.0, bias, out=np.ones_like(bias), where=bias >= _TINY)


def _learned(before: Doubles, sums: Doubles, norm: float) -> Doubles:
    """The new bias; where the first position has no pairs there is nothing to compare with."""
    return (sums / sums[0]) ** (1 / (1 + norm)) if sums[0] >= _TINY else before
