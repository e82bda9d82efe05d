"""DeLong's test against its definition, pair by pair, and Obuchowski's against resampling."""

import numpy as np
import pytest
from scipy.stats import norm

from pipelines.metrics.predictions import Predictions
from pipelines.uncertainty.clusters import ROW, Clusters
from pipelines.uncertainty.delong import delong


def by_pairs(labels: np.ndarray, scorers: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """AUCs and covariance by all pairs, O(n^2), as DeLong et al. write them: S10 / m + S01 / n."""
    v10, v01, areas = [], [], []
    for scores in scorers:
        psi = np.array(
            [
                [1.0 if x > y else 0.5 if x == y else 0.0 for y in scores[labels == 0]]
                for x in scores[labels == 1]
            ]
        )
        v10.append(psi.mean(axis=1))
        v01.append(psi.mean(axis=0))
        areas.append(psi.mean())
    covariance = np.cov(v10) / len(v10[0]) + np.cov(v01) / len(v01[0])
    return np.array(areas), covariance


@pytest.mark.parametrize("digits", [1, 9])
def test_rows_by_themselves_are_delongs(digits: int) -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(120) < 0.3).astype(float)
    scorers = [np.round(labels * gap + rng.normal(size=120), digits) for gap in (0.7, 1.0)]
    areas, covariance = by_pairs(labels, scorers)
    data = [Predictions(labels, scores) for scores in scorers]
    found = delong(data, Clusters.by(data[0], ROW))
    np.testing.assert_allclose(found.areas, areas, rtol=1e-12)
    np.testing.assert_allclose(found.covariance, covariance, rtol=1e-10)
    z = (areas[1] - areas[0]) / np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    assert found.p_value == pytest.approx(2 * norm.sf(abs(z)))
    low, high = found.interval(0.95)
    assert (low < 0 < high) == (found.p_value > 0.05)


def test_clusters_have_the_spread_of_resampled_clusters() -> None:
    rng = np.random.default_rng(1)
    users = np.repeat(np.arange(150), rng.integers(1, 12, 150))
    leaning = rng.normal(size=150)[users]
    labels = (rng.random(users.size) < 1 / (1 + np.exp(1 - leaning))).astype(float)
    scorers = [leaning * share + rng.normal(size=users.size) for share in (0.5, 1.0)]
    data = [Predictions(labels, scores, None, {"user": users}) for scores in scorers]
    found = delong(data, Clusters.by(data[0], "user"))
    drawn = []
    for _ in range(400):
        times = np.bincount(rng.integers(150, size=150), minlength=150)[users].astype(float)
        drawn.append(
            delong([one.reweighted(times) for one in data], Clusters.by(data[0], ROW)).areas
        )
    np.testing.assert_allclose(found.covariance, np.cov(np.array(drawn).T), rtol=0.3)
    alone = delong(data, Clusters.by(data[0], ROW))
    assert (np.diag(found.covariance) > np.diag(alone.covariance)).all()


def test_scorers_that_rank_alike_do_not_differ() -> None:
    labels, scores = np.array([0.0, 1, 0, 1, 1]), np.array([0.1, 0.9, 0.4, 0.3, 0.5])
    one, other = Predictions(labels, scores), Predictions(labels, np.exp(scores))
    found = delong([one, other], Clusters.by(one, None))
    assert (found.value, found.error, found.p_value) == (0, 0, 1)


def test_weights_count_rows_within_clusters() -> None:
    rng = np.random.default_rng(2)
    labels, users = rng.integers(0, 2, 60).astype(float), np.arange(60) // 3
    scores, times = rng.normal(size=60), rng.integers(1, 4, 60)
    weighted = Predictions(labels, scores, times.astype(float), {"user": users})
    again = np.repeat(np.arange(60), times)
    repeated = Predictions(labels[again], scores[again], None, {"user": users[again]})
    one, other = (delong([data] * 2, Clusters.by(data, "user")) for data in (weighted, repeated))
    np.testing.assert_allclose(one.covariance, other.covariance)
