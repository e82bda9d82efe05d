"""ROC, precision and recall, gain and lift: what each cut of the score order finds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.metrics.predictions import Predictions

Floats = npt.NDArray[np.float64]

_POINTS = 200  # of a curve on a page


def curves(data: Predictions) -> dict[str, Any]:
    """Points of the curves of labels 0 and 1, both of which there are, from the highest score down.

    roc: share of the negatives and of the positives above each cut. precision: recall and
    precision. gain: share of the rows and of the positives; lift is their ratio.
    """
    ranked = data.ranked()
    weight = np.ones_like(ranked.scores) if ranked.weights is None else ranked.weights
    positive = np.cumsum(ranked.tie_sums(weight * ranked.labels))
    every = np.cumsum(ranked.tie_sums(weight))
    negative = every - positive
    recall, false = positive / positive[-1], negative / negative[-1]
    # Rows of no weight may stand at the top; they are above no cut.
    precision = np.divide(positive, every, out=np.ones_like(every), where=every > 0)
    share = every / every[-1]
    return {
        "rate": float(positive[-1] / every[-1]),
        "average_precision": float(np.diff(recall, prepend=0.0) @ precision),
        "roc": _points(_from_0(false), _from_0(recall)),
        "precision": _points(recall, precision),
        "gain": _points(_from_0(share), _from_0(recall)),
    }


def _from_0(values: Floats) -> Floats:
    return np.concatenate(([0.0], np.minimum(values, 1.0)))


def _points(x: Floats, y: Floats) -> dict[str, list[float]]:
    """Both (points,), thinned to what can be seen: even steps along the curve."""
    steps = np.abs(np.diff(x)) + np.abs(np.diff(y))
    along = np.concatenate(([0.0], np.cumsum(steps)))
    wanted = np.searchsorted(along, np.linspace(0, along[-1], _POINTS))
    kept = np.unique(np.concatenate(([0], np.minimum(wanted, len(x) - 1), [len(x) - 1])))
    return {"x": x[kept].tolist(), "y": y[kept].tolist()}
