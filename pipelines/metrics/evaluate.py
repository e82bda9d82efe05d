"""evaluate: several metrics over the same predictions."""

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.score_metric import ScoreMetric

_WORTH_THREADS = 100_000  # rows


def evaluate(metrics: Sequence[Metric], data: Predictions) -> dict[str, float]:
    """Each metric's value by its printed form, in the order asked; the sorting is shared.

    Many rows are ranked within their groups, ranked as a whole and looked at one by one at once;
    of metrics that share a ranking, the first makes it for the others.
    Raises DataError, before anything is computed, where a metric needs a group column that the
    predictions lack, and where a metric is not defined for them.
    """
    chosen = tuple(dict.fromkeys(metrics))
    for metric in chosen:
        data.require_groups(str(metric), metric.needs_groups)

    def value(metric: Metric) -> float:
        return metric.compute(data)

    if data.labels.size < _WORTH_THREADS:
        return {str(metric): value(metric) for metric in chosen}
    with ThreadPoolExecutor(os.cpu_count()) as pool:

        def lead(together: Sequence[Metric]) -> list[Future[float]]:
            first: Future[float] = Future()
            first.set_result(value(together[0]))
            return [first, *(pool.submit(value, metric) for metric in together[1:])]

        parts = _together(chosen)
        waiting = zip(parts, pool.map(lead, parts), strict=True)
        found = {
            metric: one.result()
            for metrics, ones in waiting
            for metric, one in zip(metrics, ones, strict=True)
        }
    return {str(metric): found[metric] for metric in chosen}


def _together(metrics: Sequence[Metric]) -> list[list[Metric]]:
    """Those that share a ranking, the slowest first: within groups, of all rows, and none."""
    found: dict[tuple[str, ...], list[Metric]] = {}
    for metric in metrics:
        rankings = metric.needs_groups[:1] or (("",) if isinstance(metric, ScoreMetric) else ())
        found.setdefault(rankings, []).append(metric)
    return [found[one] for one in sorted(found, key=lambda one: (not any(one), not one))]
