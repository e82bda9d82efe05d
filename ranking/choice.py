"""Which way of learning from clicks to trust, by what its ranking would have earned."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from features.errors import CrossrankError
from ranking.debiasing import WAYS, Known, Way, fit
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.ranker import Ranker
from ranking.off_policy import counterfactual
from ranking.off_policy.compare import Difference, compare
from ranking.off_policy.estimate import Estimate
from ranking.off_policy.rank_metric import RankMetric
from ranking.off_policy.resampling import Resampling
from ranking.off_policy.weighed_clicks import WeighedClicks
from ranking.query_data import QueryData

Floats = npt.NDArray[np.float32]
BASE: Way = "none"
_LEVEL = 0.95


@dataclass(frozen=True)
class Choice:
    """Rankers by their way, and what each is worth on validation against clicks as they are.

    Intervals of differences are widened for how many are compared (Bonferroni). `chosen` is the way
    worth most. `failures` says why a way was not trained.
    """

    rankers: Mapping[Way, Ranker]
    values: Mapping[Way, Estimate]
    differences: Mapping[Way, Difference]
    failures: Mapping[Way, str]
    chosen: Way

    @property
    def ranker(self) -> Ranker:
        return self.rankers[self.chosen]


def choose(
    config: RankerConfig,
    names: Sequence[str],
    data: QueryData,
    valid: QueryData,
    known: Known,
    report: Callable[[Way, int, float], None],
    metric: str = "dcg@10",
    ways: Sequence[Way] = WAYS,
) -> Choice:
    """Train every way, and choose by self-normalised inverse propensity on `valid`.

    Every ranker's rounds are picked by that same metric; `known.examination` weighs its clicks.
    """
    log = weighed(valid, known)
    judge = judge_of(log, metric)
    rankers: dict[Way, Ranker] = {}
    failures: dict[Way, str] = {}
    for way in dict.fromkeys((BASE, *ways)):
        try:
            told = partial(_told, report, way)
            rankers[way] = fit(way, config, names, data, valid, judge, told, known)
        except CrossrankError as error:
            if way == BASE:
                raise
            failures[way] = str(error)
    values, differences = compared(rankers, valid, log, metric)
    chosen = max(values, key=lambda way: values[way].value)  # of equals the first, as they are
    return Choice(rankers, values, differences, failures, chosen)


def _told(
    report: Callable[[Way, int, float], None], way: Way, done: int, metrics: dict[str, float]
) -> None:
    report(way, done, next(iter(metrics.values())))


def compared(
    rankers: Mapping[Way, Ranker], data: QueryData, log: WeighedClicks, metric: str
) -> tuple[dict[Way, Estimate], dict[Way, Difference]]:
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
