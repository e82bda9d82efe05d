"""Many tests at once: p-values adjusted, so that chance alone rarely finds something."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np

from pipelines.metrics.ranked_groups import Floats

Correction = Literal["holm", "bh", "none"]


def holm(p: Floats) -> Floats:
    """Adjusted (tests,): one false alarm or more in at most the level of families of tests.

    Holm, Scandinavian Journal of Statistics 6, 1979.
    """
    order = np.argsort(p)
    scaled = p[order] * np.arange(len(p), 0, -1)
    return _placed(np.minimum(np.maximum.accumulate(scaled), 1.0), order)


def benjamini_hochberg(p: Floats) -> Floats:
    """Adjusted (tests,): of what is called a difference, at most the level is none, on average.

    Benjamini & Hochberg, JRSS B 57, 1995.
    """
    order = np.argsort(p)[::-1]
    scaled = p[order] * len(p) / np.arange(len(p), 0, -1)
    return _placed(np.minimum(np.minimum.accumulate(scaled), 1.0), order)


CORRECTIONS: Mapping[Correction, Callable[[Floats], Floats]] = {
    "holm": holm,
    "bh": benjamini_hochberg,
    "none": lambda p: p,
}


def adjusted(p: Sequence[float], correction: Correction) -> list[float]:
    """In the order given; a NaN, of what could not be tested, is no test and stays one."""
    given = np.array(p, dtype=np.float64)
    tested = ~np.isnan(given)
    given[tested] = CORRECTIONS[correction](given[tested])
    return [float(one) for one in given]


def _placed(values: Floats, order: np.ndarray) -> Floats:
    found = np.empty_like(values)
    found[order] = values
    return found
