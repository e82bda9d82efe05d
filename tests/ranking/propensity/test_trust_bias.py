"""Affine corrections by hand."""

import numpy as np
import pytest
from pydantic import ValidationError

from ranking.propensity.trust_bias import TrustBias


def test_the_correction_by_hand() -> None:
    trust = TrustBias(alpha=(0.5, 0.25), beta=(0.1, 0.05))
    found = trust.corrected(np.array([0, 1, 1, 9], np.int32), np.array([1, 1, 0, 0], np.float32))
    assert found == pytest.approx([1.8, 3.8, -0.2, -0.2])


def test_the_correction_is_unbiased() -> None:
    trust = TrustBias(alpha=(0.6, 0.2), beta=(0.2, 0.1))
    random = np.random.default_rng(0)
    position = np.repeat(np.arange(2, dtype=np.int32), 200_000)
    chance = np.asarray(trust.alpha)[position] * 0.3 + np.asarray(trust.beta)[position]
    click = (random.random(len(position)) < chance).astype(np.float32)
    found = trust.corrected(position, click)
    assert found[position == 0].mean() == pytest.approx(0.3, abs=0.01)
    assert found[position == 1].mean() == pytest.approx(0.3, abs=0.02)


@pytest.mark.parametrize(
    ("alpha", "beta", "message"),
    [((0.5,), (0.1, 0.2), "as long; got 1 and 2"), ((0.5, 0.0), (0.1, 0.1), "above 0 everywhere")],
)
def test_lines_that_cannot_be_undone_are_refused(
    alpha: tuple[float, ...], beta: tuple[float, ...], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        TrustBias(alpha=alpha, beta=beta)
