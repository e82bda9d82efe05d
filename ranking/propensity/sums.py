"""Sums of values by the number of their group."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]


def sums(group: npt.NDArray[Any], values: npt.NDArray[Any], groups: int) -> Doubles:
    """float64 (groups,) of values (rows,), each in the group (rows,) from 0 that it names."""
    return np.bincount(group, weights=values, minlength=groups).astype(np.float64, copy=False)
