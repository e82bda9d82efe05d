"""What the features say of relevance, learned a step at a time beside the propensities."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt
import xgboost as xgb
from pydantic import BaseModel, ConfigDict, Field

from features.errors import DataError

Doubles = npt.NDArray[np.float64]
Array = npt.NDArray[Any]


class Learner(Protocol):
    """Scores of the rows it was started with."""

    def step(self, gradient: Doubles, hessian: Doubles) -> Doubles:
        """The scores float64 (rows,) after one step down the loss, given its derivatives."""


class Relevance(BaseModel, ABC):
    """How relevance is learned from features, in at most `rounds` steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = Field(ge=1)

    @abstractmethod
    def start(self, features: Array, score: float) -> Learner:
        """A learner of features (rows, columns), all of whose scores are `score`.

        Raises DataError for features that it cannot read.
        """


class Linear(Relevance):
    """A line in the standardised features, by Newton's method; `l2` pulls slopes to 0."""

    type: Literal["linear"] = "linear"
    rounds: int = Field(default=200, ge=1)
    l2: float = Field(default=1.0, ge=0)

    def start(self, features: Array, score: float) -> Learner:
        _check(features, missing=False)
        wide = features.astype(np.float64)
        spread = wide.std(axis=0)
        wide = (wide - wide.mean(axis=0)) / np.where(spread > 0, spread, 1)
        return _Line(np.column_stack([np.ones(len(wide)), wide]), self.l2, score)


class Trees(Relevance):
    """Gradient boosted trees, one a step."""

    type: Literal["trees"] = "trees"
    rounds: int = Field(default=100, ge=1)
    learning_rate: float = Field(default=0.1, gt=0)
    max_depth: int = Field(default=4, ge=1)
    min_child_weight: float = Field(default=5.0, ge=0)

    def start(self, features: Array, score: float) -> Learner:
        _check(features, missing=True)
        return _Forest(features, self, score)


class _Line:
    def __init__(self, columns: Doubles, l2: float, score: float) -> None:
        self._columns = columns
        self._pull = np.full(columns.shape[1], l2)
        self._pull[0] = 1e-9  # the intercept is free
        self._slopes = np.zeros(columns.shape[1])
        self._slopes[0] = score

    def step(self, gradient: Doubles, hessian: Doubles) -> Doubles:
        slope = self._columns.T @ gradient + self._pull * self._slopes
        bend = (self._columns.T * hessian) @ self._columns + np.diag(self._pull)
        # Without an intercept to fix it, as within lists, the level is left alone.
        self._slopes -= np.linalg.lstsq(bend, slope, rcond=1e-12)[0]
        scores: Doubles = self._columns @ self._slopes
        return scores


class _Forest:
    def __init__(self, features: Array, config: Trees, score: float) -> None:
        self._data = xgb.DMatrix(features, base_margin=np.full(len(features), score))
        self._round = 0
        parameters = {
            "tree_method": "hist",
            "eta": config.learning_rate,
            "max_depth": config.max_depth,
            "min_child_weight": config.min_child_weight,
            "base_score": 0.0,
        }
        self._booster = xgb.Booster(parameters, [self._data])

    def step(self, gradient: Doubles, hessian: Doubles) -> Doubles:
        self._booster.boost(self._data, self._round, grad=gradient, hess=hessian)
        self._round += 1
        scores = self._booster.predict(self._data, output_margin=True)
        return np.asarray(scores, np.float64)


def _check(features: Array, *, missing: bool) -> None:
    if features.ndim != 2 or not features.shape[1] or features.dtype.kind not in "fiub":
        raise DataError(
            "Relevance is learned from numbers of shape (rows, columns); got "
            f"{features.dtype} of shape {features.shape}. Hand in the rows' features."
        )
    bad = np.isinf(features) if missing else ~np.isfinite(features)
    if bad.any():
        column = int(bad.any(axis=0).argmax())
        raise DataError(
            f"Features must be {'no infinity' if missing else 'finite'}; column {column} holds "
            f"{features[bad[:, column], column][0]}. Mend it"
            + ("." if missing else ", or learn relevance by Trees, which take missing values.")
        )
