import numpy as np
import pytest

from pipelines.simulator.examination import examination


@pytest.mark.parametrize(
    ("eta", "expected"),
    [(0.0, [1, 1, 1, 1]), (1.0, [1, 1 / 2, 1 / 3, 1 / 4]), (2.0, [1, 1 / 4, 1 / 9, 1 / 16])],
)
def test_by_hand(eta: float, expected: list[float]) -> None:
    np.testing.assert_allclose(examination(4, eta), expected)
