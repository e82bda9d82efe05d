"""Rows whose click probabilities are known."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from serving.calibration.outcomes import Outcomes

Bend = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _clicked(
    bend: Bend, rows: int = 200_000, seed: int = 0, centre: float = -1.0, weighted: bool = False
) -> Outcomes:
    """Logits whose clicks come with the probability sigmoid(bend(logit))."""
    rng = np.random.default_rng(seed)
    x = rng.normal(centre, 1.5, rows).astype(np.float32).astype(np.float64)
    y = rng.random(rows) < 1 / (1 + np.exp(-bend(x)))
    return Outcomes.of(x, y, rng.uniform(0.2, 3, rows) if weighted else None)


@pytest.fixture(name="clicked", scope="session")
def clicked_fixture() -> Callable[..., Outcomes]:
    return _clicked
