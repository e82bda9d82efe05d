"""The rankers whose order a simulated log shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, Self

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from features.errors import ConfigError, DataError

Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

_NAMED: Final = {"weak": "trained:0.01", "strong": "trained:0.5", "random": "mixed:0"}
_PARAMETERS: Final = {
    "objective": "rank:ndcg",
    "tree_method": "hist",
    "eta": 0.1,
    "max_depth": 4,
    "nthread": 1,  # the order of sums, and so the trees, would depend on the machine
}
_ROUNDS: Final = 50


@dataclass(frozen=True)
class Production:
    """`trained:SHARE`: LambdaMART on the grades of a share of the queries. `mixed:STRENGTH`: the
    grades themselves, beside as much luck as is left.

    `weak` is trained:0.01, `strong` trained:0.5, `random` mixed:0; `str()` gives back what it was.
    """

    kind: Literal["trained", "mixed"]
    amount: float
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ConfigError where `text` is none."""
        kind, _, amount = _NAMED.get(text, text).partition(":")
        try:
            value = float(amount)
        except ValueError:
            value = np.nan
        least = value > 0 if kind == "trained" else value >= 0
        if kind not in ("trained", "mixed") or not (least and value <= 1):
            raise ConfigError(
                f"A logger must be {', '.join(_NAMED)}, trained:SHARE or mixed:STRENGTH, of a "
                f"number up to 1 (a share above 0); got {text!r}."
            )
        return cls("trained" if kind == "trained" else "mixed", value, text)

    def __str__(self) -> str:
        return self.name

    def scores(self, matrix: Array, grade: Array, sizes: Array, rng: np.random.Generator) -> Floats:
        """Of each row, float64 (rows,), without ties.

        Raises:
            DataError: no query has documents of different grades.
        """
        luck = rng.standard_normal(len(grade))
        if self.kind == "mixed":
            spread = max(float(np.std(grade)), 1e-9)
            worth = (grade - np.mean(grade)) / spread
            return np.asarray(self.amount * worth + np.sqrt(1 - self.amount**2) * luck)
        found = _trained(matrix, grade, sizes, self.amount, rng).astype(np.float64)
        # Rows of one leaf score alike; luck orders them, and no others.
        gaps = np.diff(np.unique(found))
        least = float(gaps.min()) if len(gaps) else 1.0
        return found + least * 0.49 * np.tanh(luck)


def _trained(
    matrix: Array, grade: Array, sizes: Array, share: float, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Scores float32 (rows,) of trees that saw at least one query which has something to teach."""
    starts = np.cumsum(sizes) - sizes
    tells = np.maximum.reduceat(grade, starts) > np.minimum.reduceat(grade, starts)
    teaching = np.flatnonzero(tells)
    if len(teaching) == 0:
        raise DataError(
            "A trained logger needs a query whose documents have different grades; none of "
            f"{len(sizes)} does. Use more data, or the logger mixed:0.5."
        )
    count = max(1, round(share * len(teaching)))
    chosen = np.zeros(len(sizes), dtype=np.bool_)
    chosen[rng.choice(teaching, size=count, replace=False)] = True
    rows = np.repeat(chosen, sizes)
    query = np.repeat(np.arange(count), sizes[chosen])
    data = xgb.DMatrix(matrix[rows], label=grade[rows], qid=query)
    booster = xgb.train(_PARAMETERS, data, num_boost_round=_ROUNDS)
    with xgb.config_context(nthread=1):
        scores: npt.NDArray[np.float32] = booster.inplace_predict(matrix, predict_type="margin")
    return scores
