"""Ways of learning from clicks side by side, their mean, and what each is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt

from features.errors import CrossrankError
from ranking.debiasing import WAYS, Known, Way, fit
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.mean import mean
from ranking.lambdamart.ranker import Ranker
from ranking.off_policy import counterfactual
from ranking.off_policy.compare import Difference, compare
from ranking.off_policy.estimate import Estimate
from ranking.off_policy.rank_metric import RankMetric
from ranking.off_policy.resampling import Resampling
from ranking.off_policy.weighed_clicks import WeighedClicks
from ranking.query_data import QueryData

Floats = npt.NDArray[np.float32]
Name = Way | Literal["auto"]
BASE: Way = "none"
AUTO: Literal["auto"] = "auto"
_LEVEL = 0.95


@dataclass(frozen=True)
class Trained:
    """Rankers by their way, and what each is worth on validation against clicks as they are.

    `auto` is the mean of those that remove bias: they err in different directions. Intervals of
    differences are widened for how many are compared (Bonferroni). `failures` says why a way was
    not trained.
    """

    rankers: Mapping[Name, Ranker]
    values: Mapping[Name, Estimate]
    differences: Mapping[Name, Difference]
    failures: Mapping[Way, str]

    @property
    def auto(self) -> Ranker:
        return self.rankers[AUTO]


def train_ways(
    config: RankerConfig,
    names: Sequence[str],
    data: QueryData,
    valid: QueryData,
    known: Known,
    report: Callable[[Way, int, float], None],
    metric: str = "dcg@10",
    ways: Sequence[Way] = WAYS,
) -> Trained:
    """Train every way, and their mean.

    Every ranker's rounds are picked by self-normalised inverse propensity on `valid`;
    `known.examination` weighs its clicks.
    """
    log = weighed(valid, known)
    judge = judge_of(log, metric)
    rankers: dict[Name, Ranker] = {}
    failures: dict[Way, str] = {}
    for way in dict.fromkeys((BASE, *ways)):
        try:
            told = partial(_told, report, way)
            rankers[way] = fit(way, config, names, data, valid, judge, told, known)
        except CrossrankError as error:
            if way == BASE:
                raise
            failures[way] = str(error)
    others = [one for way, one in rankers.items() if way != BASE]
    rankers[AUTO] = mean(others or [rankers[BASE]], valid)
    values, differences = compared(rankers, valid, log, metric)
    return Trained(rankers, values, differences, failures)


def _told(
    report: Callable[[Way, int, float], None], way: Way, done: int, metrics: dict[str, float]
) -> None:
    report(way, done, next(iter(metrics.values())))


def compared(
    rankers: Mapping[Name, Ranker], data: QueryData, log: WeighedClicks, metric: str
) -> tuple[dict[Name, Estimate], dict[Name, Difference]]:
    """What each ranking of the rows is worth, and each less that of clicks as they are."""
    others = max(1, len(rankers) - 1)
    resampling = Resampling(level=1 - (1 - _LEVEL) / others)
    values = {
        way: counterfactual.evaluate(log, one.predict(data.matrix), metric, cluster=data.cluster)
        for way, one in rankers.items()
    }
    differences = {
        way: compare(one, values[BASE], names=(way, BASE), resampling=resampling)
        for way, one in values.items()
        if way != BASE
    }
    return values, differences


def weighed(data: QueryData, known: Known) -> WeighedClicks:
    """The clicks of ranking examples, weighed by what is known of the positions."""
    examination = np.ones(1) if known.examination is None else known.examination
    assert data.position is not None  # a configuration that debiases declares positions
    return WeighedClicks.of(
        data.sizes,
        data.position,
        data.label,
        examination,
        propensity=data.propensity if known.logged else None,
        offset=known.offset,
        weight=data.weight,
        largest=1 / known.minimum,
    )


def judge_of(log: WeighedClicks, metric: str) -> Callable[[Floats], float]:
    """The value of scores (rows,) alone, without an interval."""
    wanted = RankMetric.parse(metric)
    gain = log.gain * np.repeat(log.weight, log.rounds.sizes)
    total = gain.sum()

    def judge(scores: Floats) -> float:
        return float((gain * wanted.of_rows(scores.astype(np.float64), log.rounds)).sum() / total)

    return judge
