"""How scores are spread, by label."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.metrics.predictions import Predictions

_BARS, _LABELS, _TAIL = 40, 5, 0.005


def spread(data: Predictions) -> dict[str, Any]:
    """Edges of bars of equal width, and of each label (the grades from the most frequent) the
    share of its rows in each; scores beyond the ends, where there are outliers, count in the
    outermost bars.
    """
    scores = data.scores
    finite = scores[np.isfinite(scores)]
    if not finite.size:
        return {"edges": [], "labels": []}
    low, high = np.quantile(finite, [_TAIL, 1 - _TAIL]) if finite.size > 1000 else _ends(finite)
    if low == high:
        low, high = _ends(finite)
    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, _BARS + 1)
    weight = np.ones_like(scores) if data.weights is None else data.weights
    values, counts = np.unique(data.labels, return_counts=True)
    chosen = sorted(values[np.argsort(-counts, kind="stable")[:_LABELS]])
    labels = []
    for label in chosen:
        own = data.labels == label
        held, _ = np.histogram(np.clip(scores[own], low, high), edges, weights=weight[own])
        if held.sum() > 0:
            shares = (held / held.sum()).tolist()
            labels.append({"label": float(label), "rows": int(own.sum()), "shares": shares})
    return {"edges": edges.tolist(), "labels": labels}


def _ends(values: Any) -> tuple[float, float]:
    return float(values.min()), float(values.max())
