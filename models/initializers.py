"""How the rows of a table start."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

Initializer = Literal["normal", "truncated_normal", "uniform"]
Floats = npt.NDArray[np.float32]

_EDGE = 2.0  # standard deviations


def draw(
    name: Initializer, size: tuple[int, int], stddev: float, random: np.random.Generator
) -> Floats:
    """Float32 of that size and mean 0.

    `normal` is N(0, stddev^2); `truncated_normal` draws anew what is beyond two stddev, which
    leaves a spread of 0.88 stddev; `uniform` is as wide as has the standard deviation `stddev`.
    """
    drawn = _DRAWS[name](random, size)
    drawn *= np.float32(stddev)
    return drawn


def _normal(random: np.random.Generator, size: tuple[int, int]) -> Floats:
    return random.standard_normal(size, np.float32)


def _truncated(random: np.random.Generator, size: tuple[int, int]) -> Floats:
    drawn = _normal(random, size)
    while len(far := np.flatnonzero(np.abs(drawn) > _EDGE)):
        drawn.flat[far] = random.standard_normal(len(far), np.float32)
    return drawn


def _uniform(random: np.random.Generator, size: tuple[int, int]) -> Floats:
    return np.float32(12**0.5) * (random.random(size, np.float32) - np.float32(0.5))


_DRAWS: dict[Initializer, Callable[[np.random.Generator, tuple[int, int]], Floats]] = {
    "normal": _normal,
    "truncated_normal": _truncated,
    "uniform": _uniform,
}
