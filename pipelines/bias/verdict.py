"""Whether removing position bias helps on a log: every way trained, compared on held-out rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from features.errors import ConfigError
from features.suggest import listing
from pipelines.bias.clusters import clustered, clusters
from pipelines.bias.known import known as known_of
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
from ranking.query_data import QueryData
from ranking.ways import AUTO, Name, Trained, compared, train_ways, weighed


@dataclass(frozen=True)
class End:
    """The answer on test, by another examination."""

    difference: Difference
    kind: str


@dataclass(frozen=True)
class Verdict:
    """What each way of learning from clicks is worth on the test part, and `auto`, their mean.

    values, differences: by way, on test; the latter against clicks as they are. shown: the order
    that was logged. trained: what validation said. propensity: None where rows bring their own.
    ends: the same at both ends of the examination's interval, with the rankers as they are.
    """

    metric: str
    propensity: Propensity | None
    trained: Trained
    shown: Estimate
    values: Mapping[Name, Estimate]
    differences: Mapping[Name, Difference]
    ends: Mapping[str, End]

    @property
    def words(self) -> str:
        """The answer, and whether it holds where examination is a little other."""
        return f"{self._answer}{self._holding}"

    @property
    def _holding(self) -> str:
        if not self.ends:
            return ""
        mine = kind(self.differences[AUTO])
        other = [f"{name} ({one.kind})" for name, one in self.ends.items() if one.kind != mine]
        if not other:
            return " It is so at both ends of the examination's interval."
        return f" It is another where examination is at the {listing(other)} end of its interval."

    @property
    def _answer(self) -> str:
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
            "propensity": self.propensity and self.propensity.model_dump(),
            "ends": {
                name: {"answer": one.kind, "difference": _difference(one.difference)}
                for name, one in self.ends.items()
            },
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
    opinions, of = run.opinions, clusters(config)
    part, said = learned(run.prepared, opinions, run.unseen)
    own = clustered(query_data(part, matrix(part, said)[0]), part, of)
    valid, test = (
        clustered(query_data(part, matrix(part, opinions)[0]), part, of)
        for part in map(run.prepared.part, ("valid", "test"))
    )
    known, propensity = known_of(config, own, report)
    names = names_of(run.encoder.layout, opinions)

    def told(way: Way, done: int, value: float) -> None:
        report(f"train {way}", done, settings.rounds, f"{metric} {value:.4f}")

    found = train_ways(settings, names, own, valid, known, told, metric, ways)
    held = weighed(test, known)
    values, differences = compared(found.rankers, test, held, metric)
    shown = counterfactual.production(held, metric, cluster=test.cluster)
    ends = {} if propensity is None else _ends(found, propensity, known, test, metric)
    return Verdict(metric, propensity, found, shown, values, differences, ends)


def kind(one: Difference) -> str:
    """What the answer is, in a word or two."""
    return "helps" if one.low > 0 else "harms" if one.high < 0 else "no difference"


def _ends(
    found: Trained, propensity: Propensity, known: Known, test: QueryData, metric: str
) -> dict[str, End]:
    ends = {}
    for name, curve in (("low", propensity.low), ("high", propensity.high)):
        end = replace(known, examination=np.maximum(curve, known.minimum))
        told = compared(found.rankers, test, weighed(test, end), metric)[1][AUTO]
        ends[name] = End(told, kind(told))
    return ends


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
