"""Smooth AUC, whose limit is the exact one."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from models.keras import tf
from models.losses import smooth_auc
from models.losses.smooth_auc import SmoothAUC


def test_its_limit_is_one_less_auc(rows_of: Any, evaluate: Any) -> None:
    """Weighted, and ties counted one half."""
    rows = rows_of(queries=60)
    rows = rows.but(logits=np.round(rows.logits, 1))
    exact = roc_auc_score(rows.label, rows.logits, sample_weight=rows.weight)
    limit, _ = evaluate(SmoothAUC(temperature=1e-3), rows)
    assert limit == pytest.approx(1 - exact, rel=1e-5)


@pytest.mark.parametrize("pairs", [1, 100, 1000])
def test_blocks_change_nothing(
    pairs: int, rows_of: Any, evaluate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one positive at a time, of a few, and of a number that leaves a rest."""
    rows = rows_of(queries=20)
    value, gradient = evaluate(SmoothAUC(), rows)
    monkeypatch.setattr(smooth_auc, "PAIRS", pairs)
    blocked, slopes = evaluate(SmoothAUC(), rows)
    assert blocked == pytest.approx(value, rel=1e-6)
    np.testing.assert_allclose(slopes, gradient, rtol=1e-5, atol=1e-9)


def test_no_more_pairs_are_held_than_a_block(
    rows_of: Any, evaluate: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    real = tf.sigmoid

    def sigmoid(values: Any) -> Any:
        held.append(int(tf.size(values)))
        return real(values)

    monkeypatch.setattr(tf, "sigmoid", sigmoid)
    monkeypatch.setattr(smooth_auc, "PAIRS", 500)
    rows = rows_of(queries=20)
    evaluate(SmoothAUC(), rows)
    ups = int(rows.label.sum())
    assert max(held) <= 500
    assert sum(held) == ups * (len(rows.label) - ups)
