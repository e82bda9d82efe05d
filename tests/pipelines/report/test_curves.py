import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_curve

from pipelines.metrics.auc import AUC
from pipelines.metrics.predictions import Predictions
from pipelines.report.curves import curves


def test_curves_by_hand() -> None:
    data = Predictions(np.array([1.0, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.7]))
    found = curves(data)
    assert found["roc"] == {"x": [0, 0, 0.5, 1], "y": [0, 0.5, 0.5, 1]}
    assert found["gain"] == {"x": [0, 0.25, 0.5, 1], "y": [0, 0.5, 0.5, 1]}
    assert found["precision"] == {"x": [0.5, 0.5, 1], "y": [1, 0.5, 0.5]}
    assert found["average_precision"] == 0.75


@pytest.mark.parametrize("weighted", [False, True])
def test_curves_agree_with_scikit_learn(weighted: bool) -> None:
    rng = np.random.default_rng(0)
    scores = np.round(rng.random(3_000), 3)
    labels = (rng.random(3_000) < scores).astype(float)
    weights = rng.random(3_000) + 0.1 if weighted else None
    found = curves(Predictions(labels, scores, weights))
    expected = average_precision_score(labels, scores, sample_weight=weights)
    assert found["average_precision"] == pytest.approx(expected)
    x, y, _ = roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    points = np.column_stack([x, y])
    for drawn in zip(found["roc"]["x"], found["roc"]["y"], strict=True):
        assert np.abs(points - drawn).sum(axis=1).min() < 1e-9


def test_a_thinned_curve_has_the_area_of_the_whole_one() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 50_000).astype(float)
    data = Predictions(labels, labels + rng.normal(size=50_000))
    roc = curves(data)["roc"]
    assert len(roc["x"]) < 250
    assert np.trapezoid(roc["y"], roc["x"]) == pytest.approx(AUC().compute(data), abs=1e-3)
