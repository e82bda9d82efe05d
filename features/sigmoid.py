"""From logits to probabilities: one function, so that training and serving agree to the bit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def sigmoid(
    logits: npt.NDArray[np.float32] | npt.NDArray[np.float64],
) -> npt.NDArray[np.float32]:
    """1 / (1 + exp(-x)), computed in float64; float32 of the same shape."""
    wide = logits.astype(np.float64)
    with np.errstate(over="ignore"):  # exp overflows to infinity, and the quotient is 0
        return (1.0 / (1.0 + np.exp(-wide))).astype(np.float32)
