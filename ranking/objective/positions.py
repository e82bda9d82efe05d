"""Sums over rows by position: pure, so that workers can add theirs up before they learn of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ranking.objective.lambdas import Doubles, Integers


def at_depth(position: npt.NDArray[np.int32], depth: int) -> Integers:
    """Positions (rows,) where those beyond the depth stand for its last one."""
    return np.minimum(position, depth - 1).astype(np.int64)


def position_sums(position: Integers, depth: int, *values: npt.NDArray[Any]) -> Doubles:
    """The sum of each of values (rows,) over the rows of a position: float64 (values, depth)."""
    return np.stack([np.bincount(position, one, depth) for one in values])
