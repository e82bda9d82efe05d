"""parse_metric: the metric that a printed form names."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any

from features.errors import ConfigError
from pipelines.metrics.auc import AUC, GAUC
from pipelines.metrics.beyond import (
    Coverage,
    Diversity,
    Gini,
    Novelty,
    Popularity,
    PopularityLift,
)
from pipelines.metrics.calibration import ECE, PCOC
from pipelines.metrics.ctr_mae import CTRMAE
from pipelines.metrics.err import ERR
from pipelines.metrics.ks import KS
from pipelines.metrics.lift import Gain, Lift
from pipelines.metrics.loss import NE, RIG, Brier, LogLoss
from pipelines.metrics.metric import CUTOFF, Metric, written
from pipelines.metrics.pr_auc import PRAUC
from pipelines.metrics.ranking import MAP, MRR, NDCG, HitRate, Precision, Recall

METRICS: tuple[type[Metric], ...] = (
    AUC,
    GAUC,
    LogLoss,
    NE,
    RIG,
    Brier,
    PCOC,
    ECE,
    CTRMAE,
    PRAUC,
    KS,
    Lift,
    Gain,
    NDCG,
    MRR,
    MAP,
    ERR,
    Precision,
    Recall,
    HitRate,
    Coverage,
    Gini,
    Novelty,
    Popularity,
    PopularityLift,
    Diversity,
)

_FORM = re.compile(
    r"(?P<symbol>\w+)(?:@(?P<cutoff>[0-9]{0,9}\.?[0-9]{1,30}(?:e-[0-9]{1,3})?))?"
    r"(?:\((?P<arguments>[^()]*)\))?"
)
_INTEGER = re.compile(r"-?[0-9]{1,9}")


def parse_metric(text: str) -> Metric:
    """The metric whose printed form is `symbol@cutoff(argument,option=value)`, spaces allowed.

    parse_metric(str(metric)) == metric. Raises ConfigError for a name that is not in METRICS, for
    a malformed text, and for arguments that the metric refuses.
    """
    compact = re.sub(r"\s", "", text)
    metric = _named(text, re.split(r"[@(]", compact, maxsplit=1)[0])
    form = _FORM.fullmatch(compact)
    if form is None:
        raise ConfigError(f"A metric must be written {metric.usage()}; got {text!r}")
    arguments: dict[str, Any] = {}
    if form["cutoff"] is not None:
        cutoff = form["cutoff"]
        arguments[CUTOFF] = int(cutoff) if _INTEGER.fullmatch(cutoff) else float(cutoff)
    positions = iter(metric.positional)
    for item in filter(None, (form["arguments"] or "").split(",")):
        name, equals, value = item.partition("=")
        if not equals:
            name, value = next(positions, item), item
        if name == CUTOFF or name in arguments:
            raise ConfigError(f"{text!r} must give {name!r} once, as {metric.usage()} does")
        arguments[name] = int(value) if _INTEGER.fullmatch(value) else value
    _require_arguments(text, metric, arguments)
    fields = {written(field): field.name for field in metric.arguments()}
    return metric(**{fields[name]: value for name, value in arguments.items()})


def parse_metrics(text: str) -> tuple[Metric, ...]:
    """The metrics of a list separated by commas, outside parentheses. Raises ConfigError."""
    items = re.split(r",(?![^()]*\))", text)
    return tuple(parse_metric(item) for item in items if item.strip())


def _named(text: str, symbol: str) -> type[Metric]:
    by_symbol = {metric.symbol: metric for metric in METRICS}
    if symbol not in by_symbol:
        raise ConfigError(
            f"A metric must be one of {', '.join(by_symbol)}; got {text!r}; did you mean "
            f"{by_symbol[_nearest(symbol, by_symbol)].usage()}?"
        )
    return by_symbol[symbol]


def _require_arguments(text: str, metric: type[Metric], given: Iterable[str]) -> None:
    known = {written(field) for field in metric.arguments()}
    unknown = [name for name in given if name not in known]
    missing = sorted(metric.required() - set(given))
    if unknown or missing:
        fault = f"does not take {unknown[0]!r}" if unknown else f"needs {', '.join(missing)}"
        raise ConfigError(f"{metric.symbol} {fault}; got {text!r}; write {metric.usage()}")


def _nearest(symbol: str, known: Iterable[str]) -> str:
    return max(known, key=lambda name: SequenceMatcher(None, name.lower(), symbol.lower()).ratio())
