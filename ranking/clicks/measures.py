"""How well probabilities of clicks foretell clicks."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ranking.clicks.em import log

Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]


def log_likelihood(given: Floats, click: Array, sizes: Array) -> float:
    """Mean over lists of log P(all clicks), in nats; `given` is P(click | the clicks before).

    A probability counts as at least 1e-12, so that a click that a model holds impossible does not
    make minus infinity of all others.
    """
    return float(_log_probability(given, click).sum() / len(sizes))


def perplexity(probability: Floats, click: Array, position: Array) -> Floats:
    """By position, 2 ** -(mean log2 P(what happened)), float64 (depth,); NaN without rows.

    1 is perfect, 2 a coin. Of `probability` whatever else was clicked it is the measure of Dupret &
    Piwowarski (2008); given the clicks before, the conditional perplexity of Chuklin et al. (2015).
    """
    rows = np.bincount(position)
    loss = np.bincount(position, -_log_probability(probability, click))
    found = np.full(len(rows), np.nan)
    found[rows > 0] = np.exp(loss[rows > 0] / rows[rows > 0])
    return found


def _log_probability(probability: Floats, click: Array) -> Floats:
    return log(np.where(click > 0, probability, 1 - probability))
