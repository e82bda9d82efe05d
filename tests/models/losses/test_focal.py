"""Focal loss against the paper's own numbers, tf-keras, and the cross-entropy that it extends."""

from typing import Any

import numpy as np
import pytest

from models.keras import keras
from models.losses.bce import BinaryCrossEntropy
from models.losses.focal import Focal


@pytest.mark.parametrize(("right", "times"), [(0.9, 100), (0.968, 1000), (0.5, 4)])
def test_easy_rows_weigh_less(right: float, times: float, rows_of: Any, evaluate: Any) -> None:
    """Lin et al., section 3.2: of gamma = 2, 100 times at p_t = 0.9, 1000 times at about 0.968."""
    logit = np.log(right / (1 - right))
    for label, sign in ((1.0, 1), (0.0, -1)):
        row = rows_of().take([0])
        row = row.but(logits=np.array([sign * logit]), label=np.array([label]), weight=np.ones(1))
        plain, _ = evaluate(BinaryCrossEntropy(), row)
        assert plain / evaluate(Focal(), row)[0] == pytest.approx(times, rel=0.03)


def test_without_focus_it_is_the_cross_entropy(rows_of: Any, evaluate: Any) -> None:
    rows = rows_of(queries=30)
    value, gradient = evaluate(BinaryCrossEntropy(), rows)
    for focal, scale in ((Focal(gamma=0), 1.0), (Focal(gamma=0, alpha=0.5), 0.5)):
        found, slopes = evaluate(focal, rows)
        assert found == pytest.approx(scale * value, rel=1e-6)
        np.testing.assert_allclose(slopes, scale * gradient, rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("alpha", [None, 0.25])
def test_it_is_that_of_keras(alpha: float | None, rows_of: Any, evaluate: Any) -> None:
    rows = rows_of(queries=40)
    rows = rows.but(weight=np.ones_like(rows.weight))
    reference = keras.losses.BinaryFocalCrossentropy(
        apply_class_balancing=alpha is not None, alpha=alpha or 0.0, gamma=1.5, from_logits=True
    )
    logits, label, *_ = rows.tensors()
    expected = float(reference(label, logits))
    assert evaluate(Focal(gamma=1.5, alpha=alpha), rows)[0] == pytest.approx(expected, rel=1e-5)


def test_a_label_between_is_a_share_of_positives(rows_of: Any, evaluate: Any) -> None:
    row = rows_of().take([0]).but(weight=np.ones(1))
    positive, negative, mixed = (
        evaluate(Focal(alpha=0.3), row.but(label=np.array([y])))[0] for y in (1.0, 0.0, 0.25)
    )
    assert mixed == pytest.approx(0.25 * positive + 0.75 * negative, rel=1e-6)
