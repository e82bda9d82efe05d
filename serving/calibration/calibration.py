"""What every calibration is: a map from logits to probabilities, as JSON."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from features.sigmoid import sigmoid
from serving.calibration.outcomes import Doubles, Ints

Floats = npt.NDArray[np.float32]

_LARGEST = float(np.finfo(np.float32).max)
_NEAR_0 = np.finfo(np.float32).tiny
_NEAR_1 = np.nextafter(np.float32(1), np.float32(0))


class Calibration(BaseModel, ABC):
    """Increases with the logit, within a segment where there are segments.

    So that it composes with anything, it is a map of logits, followed by the one sigmoid.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def apply(self, logits: Floats | Doubles, segments: Ints | None = None) -> Floats:
        """Probabilities float32 (rows,), strictly between 0 and 1, of logits (rows,).

        segments: encoded ids int32 (rows,), read by a segmented calibration alone.
        """
        raw = np.clip(logits.astype(np.float64), -_LARGEST, _LARGEST)
        return np.clip(sigmoid(self.logits(raw, segments)), _NEAR_0, _NEAR_1)

    @abstractmethod
    def logits(self, raw: Doubles, segments: Ints | None) -> Doubles:
        """Calibrated logits float64 (rows,) of a model's own, which are finite."""
