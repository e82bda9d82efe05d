"""Clicks by the position at which rows were shown, and what the ranker learned of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from pipelines.metrics.predictions import Predictions
from pipelines.report.bins import bins
from ranking.registry import AnyRanker

_DEPTH = 50  # positions on a page


def positions(
    data: Predictions,
    position: npt.NDArray[np.int64],
    clusters: npt.NDArray[Any] | None,
    ranker: AnyRanker | None,
) -> dict[str, Any]:
    """Rates of labels 0 and 1 by position (rows,), counted from 0 at the top.

    learned: the bias of a click by position, relative to the top, of a ranker that learned one.
    """
    depth = np.minimum(position - position.min(), _DEPTH)
    found = bins(depth.astype(np.intp), data, clusters)
    learned = getattr(ranker, "bias", None) or {}
    return {
        "positions": [
            {"position": place} | asdict(one) for place, one in found.items() if place < _DEPTH
        ],
        "deeper": found[_DEPTH].rows if _DEPTH in found else 0,
        "learned": list(learned.get("click", ()))[:_DEPTH],
    }
