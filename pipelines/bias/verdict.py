"""Whether removing position bias helps on a log: every way trained, compared on held-out rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from features.errors import ConfigError
from pipelines.bias.config import BiasConfig
from pipelines.bias.estimates import estimated
from pipelines.bias.log import click_log
from pipelines.prepare import Report
from pipelines.run import Run
from pipelines.scoring import matrix, query_data
from pipelines.train_ranker import learned, names_of
from ranking.debiasing import Known, Way
from ranking.lambdamart.config import RankerConfig
from ranking.off_policy import counterfactual
from ranking.off_policy.compare import Difference
from ranking.off_policy.estimate import Estimate
from ranking.off_policy.rank_metric import RankMetric
from ranking.propensity.propensity import Propensity
from ranking.ways import AUTO, Name, Trained, compared, train_ways, weighed


@dataclass(frozen=True)
class Verdict:
    """What each way of learning from clicks is worth on the test part, and `auto`, their mean.

    values, differences: by way, on test; the latter against clicks as they are. shown: the order
    that was logged. trained: what validation said.
    """

    metric: str
    propensity: Propensity
    trained: Trained
    shown: Estimate
    values: Mapping[Name, Estimate]
    differences: Mapping[Name, Difference]

    @property
    def words(self) -> str:
        """The answer in one sentence."""
        told = self.differences[AUTO]
        gain = f"{told.value:+.4f} {self.metric} ({told.low:+.4f} to {told.high:+.4f})"
        if told.low > 0:
            return f"Debiasing helps: the mean of its ways, '{AUTO}', earns {gain} on test."
        if told.high < 0:
            return (
                f"Debiasing harms: the mean of its ways, '{AUTO}', loses {gain} on test. Learn "
                "from clicks as they are."
            )
        return f"No difference shown: the mean of the ways, '{AUTO}', has {gain} on test."

    def document(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "verdict": self.words,
            "metric": self.metric,
            "propensity": self.propensity.model_dump(),
            "failures": dict(self.trained.failures),
            "shown": _numbers(self.shown),
            "ways": {
                way: {
                    "validation": _numbers(self.trained.values[way]),
                    "test": _numbers(value),
                    "difference": _difference(self.differences.get(way)),
                }
                for way, value in self.values.items()
            },
        }


def verdict(run: Run, metric: str, ways: Sequence[Way], report: Report) -> Verdict:
    """Train each way on the rows that the run's ranker learned from; compare on the test part.

    Raises:
        ConfigError: the run has no ranker, or declares no positions; or a metric is none.
        DataError: examination cannot be estimated.
    """
    config = run.config
    settings = config.ranker
    if not isinstance(settings, RankerConfig):
        raise ConfigError(
            f"A verdict compares rankers on XGBoost; the run {run.folder} has none. Declare a "
            "[ranker] of type xgboost."
        )
    RankMetric.parse(metric)  # before anything takes time
    bias, opinions = config.bias or BiasConfig(), run.opinions
    log = click_log(config, {"train", "ranker"}, report)
    part, said = learned(run.prepared, opinions, run.unseen)
    own = query_data(part, matrix(part, said)[0])
    valid, test = (
        query_data(part, matrix(part, opinions)[0])
        for part in map(run.prepared.part, ("valid", "test"))
    )
    report("estimate", 0, 1)
    propensity = estimated(bias, log, own)
    report("estimate", 1, 1)
    known = Known(propensity.depth, np.array(propensity.examination), bias.minimum)
    names = names_of(run.encoder.layout, opinions)

    def told(way: Way, done: int, value: float) -> None:
        report(f"train {way}", done, settings.rounds, f"{metric} {value:.4f}")

    found = train_ways(settings, names, own, valid, known, told, metric, ways)
    held = weighed(test, known)
    values, differences = compared(found.rankers, test, held, metric)
    shown = counterfactual.production(held, metric)
    return Verdict(metric, propensity, found, shown, values, differences)


def _numbers(one: Estimate) -> dict[str, Any]:
    return {
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "queries": one.n,
        "effective": one.ess,
        "clipped": one.clipped,
        "warnings": list(one.warnings),
    }


def _difference(one: Difference | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "value": one.value,
        "low": one.low,
        "high": one.high,
        "level": one.level,
        "p": one.p_bootstrap,
    }
