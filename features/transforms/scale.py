"""Numbers to the scale a network learns from, several columns at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Line:
    """(f(x) - shift) / scale of one column, where f cuts x to low..high and takes its log.

    missing: f(x) for an x that is missing.
    """

    low: float
    high: float
    log: bool
    shift: float = 0.0
    scale: float = 1.0
    missing: float = 0.0


class Scale:
    """Lines, one a column, applied together."""

    def __init__(self, lines: Sequence[Line]) -> None:
        def column(name: str) -> Doubles:
            return np.array([[getattr(line, name)] for line in lines], np.float64)

        self._low, self._high = column("low"), column("high")
        self._shift, self._scale = column("shift"), column("scale")
        self._logs = [i for i, line in enumerate(lines) if line.log]
        self._missing = self._scaled(column("missing"))

    def __call__(self, values: Doubles) -> Floats:
        """Float64 (columns, n) to float32 of the same shape, always finite."""
        scaled = self._scaled(self.unscaled(values))
        absent = ~np.isfinite(values)
        if absent.any():
            np.copyto(scaled, self._missing, where=absent)
        return scaled

    def unscaled(self, values: Doubles) -> Doubles:
        """f(x), float64 (columns, n); NaN stays NaN."""
        cut = np.maximum(values, self._low)
        np.minimum(cut, self._high, out=cut)
        for i in self._logs:
            size = np.abs(cut[i])
            np.copysign(np.log1p(size, out=size), cut[i], out=cut[i])
        return cut

    def _scaled(self, unscaled: Doubles) -> Floats:
        with np.errstate(over="ignore", invalid="ignore"):
            scaled = unscaled - self._shift
            scaled /= self._scale
            np.maximum(scaled, -LARGEST, out=scaled)
            return np.minimum(scaled, LARGEST, out=scaled).astype(np.float32)
