"""What a ranker's scores on validation are worth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import METRICS, parse_metric
from pipelines.metrics.predictions import QUERY, Predictions
from ranking.query_data import QueryData

Floats = npt.NDArray[np.float32]


def metric_of(text: str) -> Metric:
    """The metric of `ranker.metric`. Raises ConfigError: none, or not of an order."""
    metric = parse_metric(text)
    if not _of_an_order(type(metric)) or metric.needs_groups not in ((), (QUERY,)):
        fit = [one.symbol for one in METRICS if _of_an_order(one)]
        raise ConfigError(
            f"ranker.metric must measure the order of the rows of a query, as nDCG@10 does "
            f"({', '.join(fit)}); got {text!r}. Choose another."
        )
    return metric


def _of_an_order(metric: type[Metric]) -> bool:
    return bool(metric.higher_is_better) and not metric.of_probabilities


def judge_of(metric: Metric, valid: QueryData) -> Callable[[Floats], float]:
    """The metric of scores float32 (rows,) of these rows: exact, queries by their weights."""
    label, groups = valid.label.astype(np.float64), {QUERY: valid.groups.qid}
    weight = None if valid.row_weight is None else valid.row_weight.astype(np.float64)

    def judge(scores: Floats) -> float:
        return metric.compute(Predictions(label, scores.astype(np.float64), weight, groups))

    return judge
