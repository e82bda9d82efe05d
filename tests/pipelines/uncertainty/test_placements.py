import numpy as np
import pytest

from pipelines.metrics.auc import AUC
from pipelines.metrics.metric import Metric
from pipelines.metrics.pr_auc import PRAUC
from pipelines.metrics.predictions import Predictions
from pipelines.uncertainty.clusters import ROW, Clusters
from pipelines.uncertainty.statistics import statistic


@pytest.mark.parametrize("metric", [AUC(), PRAUC()], ids=str)
@pytest.mark.parametrize("weighted", [False, True])
def test_residuals_are_the_derivative_by_a_rows_weight(metric: Metric, weighted: bool) -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(80) < 0.4).astype(float)
    scores = np.round(labels * 0.5 + rng.normal(size=80), 1)  # with ties
    weights = rng.uniform(0.5, 2, 80) if weighted else np.ones(80)
    data = Predictions(labels, scores, weights)
    found = statistic(metric, data, Clusters.by(data, ROW), 0)
    assert found is not None
    value, residuals = found[0].at(np.ones((1, 80)))
    assert value[0] == pytest.approx(metric.compute(data))
    assert residuals.sum() == pytest.approx(0, abs=1e-9)
    for row in range(0, 80, 7):
        step = np.zeros(80)
        step[row] = 1e-5 * weights[row]
        up, down = (metric.compute(data.reweighted(weights + way * step)) for way in (1, -1))
        assert residuals[0, row] == pytest.approx((up - down) / 2e-5, rel=1e-4, abs=1e-7)
