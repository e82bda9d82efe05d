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
from ranking.choice import BASE, Choice, choose, compared, weighed
from ranking.debiasing import Known, Way
from ranking.lambdamart.config import RankerConfig
from ranking.off_policy import counterfactual
from ranking.off_policy.compare import Difference
from ranking.off_policy.estimate import Estimate
from ranking.off_policy.rank_metric import RankMetric
from ranking.propensity.propensity import Propensity
from ranking.query_data import QueryData


@dataclass(frozen=True)
class End:
    """The way that validation would choose, and the answer on test, by another examination."""

    chosen: Way
    difference: Difference | None
    kind: str


@dataclass(frozen=True)
class Verdict:
    """What each way of learning from clicks is worth on the test part, and what was chosen.

    values, differences: by way, on test; the latter against clicks as they are. shown: the order
    that was logged. choice: what validation said. propensity: None where rows bring their own.
    ends: the same at both ends of the examination's interval, with the rankers as they are.
    """

    metric: str
    propensity: Propensity | None
    choice: Choice
    shown: Estimate
    values: Mapping[Way, Estimate]
    differences: Mapping[Way, Difference]
    ends: Mapping[str, End]

    @property
    def words(self) -> str:
        """The answer, and whether it holds where examination is a little other."""
        return f"{self._answer}{self._holding}"

    @property
    def _holding(self) -> str:
        if not self.ends:
            return ""
        mine = kind(self.choice.chosen, self.differences)
        other = [f"{name} ({one.kind})" for name, one in self.ends.items() if one.kind != mine]
        if not other:
            return " It is so at both ends of the examination's interval."
        return f" It is another where examination is at the {listing(other)} end of its interval."

    @property
    def _answer(self) -> str:
        chosen = self.choice.chosen
        if chosen == BASE:
            return (
                "Learn from clicks as they are: on validation no way of removing position bias "
                "earned more."
            )
        told = self.differences[chosen]
        gain = f"{told.value:+.4f} {self.metric} ({told.low:+.4f} to {told.high:+.4f})"
        if told.low > 0:
            return f"Debiasing helps: '{chosen}', chosen on validation, earns {gain} on test."
        if told.high < 0:
            return (
                f"Debiasing harms: '{chosen}', chosen on validation, loses {gain} on test. Learn "
                "from clicks as they are."
            )
        return f"No difference shown: '{chosen}', chosen on validation, has {gain} on test."

    def document(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "verdict": self.words,
            "metric": self.metric,
            "chosen": self.choice.chosen,
            "propensity": self.propensity and self.propensity.model_dump(),
            "ends": {
                name: {
                    "chosen": one.chosen,
                    "answer": one.kind,
                    "difference": _difference(one.difference),
                }
                for name, one in self.ends.items()
            },
            "failures": dict(self.choice.failures),
            "shown": _numbers(self.shown),
            "ways": {
                way: {
                    "validation": _numbers(self.choice.values[way]),
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

    found = choose(settings, names, own, valid, known, told, metric, ways)
    held = weighed(test, known)
    values, differences = compared(found.rankers, test, held, metric)
    shown = counterfactual.production(held, metric, cluster=test.cluster)
    ends = {} if propensity is None else _ends(found, propensity, known, valid, test, metric)
    return Verdict(metric, propensity, found, shown, values, differences, ends)


def kind(chosen: Way, differences: Mapping[Way, Difference]) -> str:
    """What the answer is, in a word or two."""
    if chosen == BASE:
        return "clicks as they are"
    one = differences[chosen]
    return "helps" if one.low > 0 else "harms" if one.high < 0 else "no difference"


def _ends(
    found: Choice,
    propensity: Propensity,
    known: Known,
    valid: QueryData,
    test: QueryData,
    metric: str,
) -> dict[str, End]:
    ends = {}
    for name, curve in (("low", propensity.low), ("high", propensity.high)):
        end = replace(known, examination=np.maximum(curve, known.minimum))
        by_value = compared(found.rankers, valid, weighed(valid, end), metric)[0]
        chosen = max(by_value, key=lambda way: by_value[way].value)
        differences = compared(found.rankers, test, weighed(test, end), metric)[1]
        ends[name] = End(chosen, differences.get(chosen), kind(chosen, differences))
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
