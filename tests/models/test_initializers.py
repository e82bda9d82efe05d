"""The spreads that the names stand for."""

from typing import get_args

import numpy as np
import pytest

from models.initializers import Initializer, draw

SPREAD = {"normal": 1.0, "truncated_normal": 0.8796, "uniform": 1.0}  # of the standard deviation
MOST = {"normal": np.inf, "truncated_normal": 2.0, "uniform": 3**0.5}


@pytest.mark.parametrize("name", get_args(Initializer))
def test_mean_spread_and_bounds(name: Initializer) -> None:
    drawn = draw(name, (200_000, 3), 0.1, np.random.default_rng(0))
    assert drawn.dtype == np.float32
    assert drawn.mean() == pytest.approx(0, abs=5e-4)
    assert drawn.std() == pytest.approx(0.1 * SPREAD[name], rel=5e-3)
    assert np.abs(drawn).max() <= 0.1 * MOST[name] * (1 + 1e-6)
    if name != "normal":
        assert np.abs(drawn).max() > 0.1 * MOST[name] * 0.999


def test_no_spread_is_zeros() -> None:
    assert not draw("uniform", (5, 2), 0.0, np.random.default_rng(0)).any()
