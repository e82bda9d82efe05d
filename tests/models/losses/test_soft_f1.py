"""Soft F1, which is F1 where probabilities are decisions."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import f1_score

from models.losses.soft_f1 import SoftF1


def test_decided_rows_have_their_f1(rows_of: Any, evaluate: Any) -> None:
    rows = rows_of(queries=40)
    rows = rows.but(logits=np.sign(rows.logits) * 100)
    exact = f1_score(rows.label, rows.logits > 0, sample_weight=rows.weight)
    assert evaluate(SoftF1(), rows)[0] == pytest.approx(1 - exact, rel=1e-6)


def test_of_constants_the_highest_is_best(rows_of: Any, evaluate: Any) -> None:
    """Alike for all rows, p = 1 is best whatever the share: F1 = 2 q p / (p + q) grows with p."""
    rows = rows_of(queries=40)
    rows = rows.but(weight=np.ones_like(rows.weight))
    share = rows.label.mean()
    losses = []
    for logit in (-2.0, 0.0, 2.0):
        chance = 1 / (1 + np.exp(-logit))
        losses.append(evaluate(SoftF1(), rows.but(logits=np.full_like(rows.label, logit)))[0])
        assert losses[-1] == pytest.approx(1 - 2 * chance * share / (chance + share), rel=1e-5)
    assert losses[0] > losses[1] > losses[2]
