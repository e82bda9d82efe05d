"""Each click by itself: whether its row was looked at, and whether it is relevant."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, DataError
from features.sigmoid import sigmoid
from ranking.objective.lambdas import Floats
from ranking.objective.positions import at_depth
from ranking.objective.state import State, Stateful
from ranking.query_data import QueryData

_LARGEST = 1 - 1e-6  # of a click's probability
_LEAST = 1e-6  # of a second derivative


class Pointwise(Stateful):
    """The likelihood of P(click at position k) = examination[k] sigmoid(score).

    The click model of regression-EM (Wang et al., WSDM 2018), its examination given. A row that was
    not clicked is held to be less relevant the surer it was looked at, which pairs do not tell.
    Hessians are expected ones (Fisher scoring). examination: float64 (depth,), in (0, 1]; beyond
    the depth the last value.

    Raises:
        ConfigError: the rows have no positions.
        DataError: an examination out of range, or labels other than 0 and 1.
    """

    def __init__(self, data: QueryData, examination: npt.ArrayLike) -> None:
        given = np.asarray(examination, np.float64)
        if given.ndim != 1 or not len(given) or not ((given > 0) & (given <= 1)).all():
            raise DataError(
                "Examination must be a probability above 0 for each position; it is "
                f"{given.tolist()}. Divide it by its largest, or estimate it anew."
            )
        if data.position is None:
            raise ConfigError(
                "Clicks are explained by the position of each row; there is none. Declare "
                "data.position."
            )
        if not np.isin(data.label, (0, 1)).all():
            raise DataError(
                "Clicks must be 0 or 1 to be explained one by one; labels are "
                f"{data.label.min():g} to {data.label.max():g}. Choose another bias.way."
            )
        self._label = data.label.astype(np.float64)
        self._examined = given[at_depth(data.position, len(given))]
        self._weight = 1.0 if data.row_weight is None else data.row_weight.astype(np.float64)
        self._state = State(objective="pointwise", bias={"examination": given.tolist()})

    def __call__(self, scores: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Gradient and hessian, float32 (rows,), at scores (rows,)."""
        relevant = sigmoid(np.asarray(scores, np.float32).reshape(-1)).astype(np.float64)
        click = np.minimum(self._examined * relevant, _LARGEST)
        share = self._weight * (1 - relevant) / (1 - click)
        hessian = np.maximum(click * (1 - relevant) * share, _LEAST)
        self._state = self._state.next()
        return ((click - self._label) * share).astype(np.float32), hessian.astype(np.float32)
