"""Gates: what a metric must hold for a build to go on."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from features.errors import ConfigError
from features.suggest import listing
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import QUERY
from pipelines.uncertainty.intervals import Interval

RANKER = "ranker"
FAILED = 3  # the exit code: 1 is an error, 2 a usage error or a log that drifted

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt,
}  # fmt: skip
_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_REQUIRE = re.compile(
    r"(?:(?P<who>\w+):)?(?:(?P<end>low|high)\((?P<bounded>.+)\)|(?P<metric>.+?))\s*(?<!=)"
    rf"(?:(?P<operator>>=|<=|>|<)\s*(?P<bound>{_NUMBER})"
    rf"|\s+in\s*\[\s*(?P<least>{_NUMBER})\s*,\s*(?P<most>{_NUMBER})\s*\])"
)
_DROP = re.compile(rf"(?:(?P<who>\w+):)?(?P<metric>.+?)\s+(?P<drop>{_NUMBER})")


@dataclass(frozen=True)
class Verdict:
    """Whether a gate held, and in words why not."""

    gate: str
    who: str
    value: float | None
    passed: bool
    reason: str


@dataclass(frozen=True)
class Require:
    """`AUC>=0.80`, `PCOC in [0.98,1.02]`, `ranker:nDCG@10>0.4`, `low(AUC)>=0.79`."""

    text: str
    metric: Metric
    who: str | None
    end: str
    holds: Callable[[float], bool]

    @classmethod
    def parse(cls, text: str) -> Require:
        """Raises ConfigError for what is not written so."""
        form = _REQUIRE.fullmatch(text.strip())
        if form is None:
            raise ConfigError(
                "--require must be written as AUC>=0.80, PCOC in [0.98,1.02] or, of the end of "
                f"the interval, low(AUC)>=0.79; got '{text}'."
            )
        metric = parse_metric(form["bounded"] or form["metric"])
        if form["operator"]:
            bound, holds_to = float(form["bound"]), _OPERATORS[form["operator"]]
            return cls(text, metric, form["who"], form["end"] or "value",
                       lambda value: holds_to(value, bound))  # fmt: skip
        least, most = float(form["least"]), float(form["most"])
        return cls(
            text, metric, form["who"], form["end"] or "value", lambda value: least <= value <= most
        )

    def judge(self, found: Mapping[str, Mapping[str, Interval]]) -> Verdict:
        """Of intervals by scorer: the one named, or that which the metric is about.

        Raises ConfigError where none has.
        """
        who = _scorer(self.text, self.who, self.metric, found)
        one = found[who][str(self.metric)]
        value = float(getattr(one, self.end))
        passed = self.holds(value)
        what = str(self.metric) if self.end == "value" else f"{self.end}({self.metric})"
        reason = "" if passed else f"{what} of {who} is {_shown(value)}, not as {self.text!r} wants"
        return Verdict(self.text, who, None if math.isnan(value) else value, passed, reason)


@dataclass(frozen=True)
class MaxDrop:
    """`AUC 0.001`: the metric may get worse by so much at most."""

    text: str
    metric: Metric
    who: str | None
    drop: float

    @classmethod
    def parse(cls, text: str) -> MaxDrop:
        """Raises ConfigError for what is not written so, and a metric that has no worse."""
        form = _DROP.fullmatch(text.strip())
        if form is None or float(form["drop"]) < 0:
            raise ConfigError(
                f"--max-drop must be a metric and a number of at least 0, as 'AUC 0.001'; got "
                f"'{text}'."
            )
        metric = parse_metric(form["metric"])
        if metric.higher_is_better is None:
            raise ConfigError(
                f"--max-drop needs a metric that is better the higher, or the lower, it is; "
                f"{metric} is best in between. Use --require '{metric} in [0.98,1.02]'."
            )
        return cls(text, metric, form["who"], float(form["drop"]))

    def judge(self, name: str, changes: Mapping[str, Mapping[str, float]]) -> Verdict:
        """Of changes by scorer and metric, of the candidate called `name`."""
        who = _scorer(self.text, self.who, self.metric, changes)
        change = changes[who][str(self.metric)]
        drop = -change if self.metric.higher_is_better else change
        passed = drop <= self.drop
        reason = (
            ""
            if passed
            else f"{self.metric} of {who} is worse by {_shown(drop)} in {name}, more than "
            f"{self.drop:g}"
        )
        return Verdict(self.text, who, change, passed, reason)


def metrics_of(gates: Sequence[Require | MaxDrop]) -> tuple[Metric, ...]:
    """What must be measured for them."""
    return tuple(dict.fromkeys(gate.metric for gate in gates))


def _scorer(
    text: str, who: str | None, metric: Metric, found: Mapping[str, Mapping[str, object]]
) -> str:
    """The one named; else the ranker for what is of queries, and the CTR model for the rest."""
    having = [one for one, metrics in found.items() if str(metric) in metrics]
    if who is None and having:
        ranks = QUERY in metric.needs_groups and RANKER in having
        return RANKER if ranks else having[0]
    if who in having:
        return str(who)
    raise ConfigError(
        f"'{text}' must be of a scorer that has {metric}; these have it: "
        f"{listing(having) or 'none'} of {listing(found)}."
    )


def _shown(value: float) -> str:
    return f"{value:.6g}"
