"""A ranker that learns from clicks in the way that the configuration names, or in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.files import write_json
from pipelines.bias.config import BiasConfig
from pipelines.bias.estimates import estimated
from pipelines.bias.log import click_log
from pipelines.config import Config
from pipelines.prepare import Report
from ranking.debiasing import Known, Way, fit
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.ranker import Ranker
from ranking.propensity.propensity import Propensity
from ranking.query_data import QueryData
from ranking.ways import train_ways

PROPENSITY, TRAINED = "propensity.json", "debias.json"  # of a run

Floats = npt.NDArray[np.float32]
Metrics = dict[str, float]


def debiased(
    config: Config,
    names: Sequence[str],
    data: QueryData,
    valid: QueryData,
    judge: Callable[[Floats], float],
    report: Report,
    work: Path,
) -> tuple[Ranker, list[Metrics]]:
    """Train as `bias.way` says; what it rests on is written to `work`. Also every round's metric,
    with `auto` by way.

    Raises:
        DataError: examination is needed and cannot be estimated.
    """
    bias, settings = config.bias or BiasConfig(), config.ranker
    assert isinstance(settings, RankerConfig)  # as the configuration has asked
    assert bias.way is not None
    known = Known(bias.depth)
    if bias.way in ("ipw", "pointwise", "auto"):
        propensity = _examination(config, bias, data, report)
        propensity.save(work / PROPENSITY)
        known = Known(propensity.depth, np.array(propensity.examination), bias.minimum)

    rounds: list[Metrics] = []

    def told(way: Way, done: int, value: float) -> None:
        name = f"{bias.metric}, {way}" if bias.way == "auto" else settings.metric
        rounds.append({"round": done, name: value})
        report(f"train ranker, {way}", done, settings.rounds, f"{value:.4f}")

    if bias.way != "auto":
        way = bias.way

        def progress(done: int, metrics: Metrics) -> None:
            told(way, done, metrics[settings.metric])

        return fit(way, settings, names, data, valid, judge, progress, known), rounds
    found = train_ways(settings, names, data, valid, known, told, bias.metric)
    values: dict[str, Any] = {
        way: {"value": one.value, "low": one.low, "high": one.high}
        for way, one in found.values.items()
    }
    trained = {"metric": bias.metric, "ways": values, "failures": dict(found.failures)}
    write_json(work / TRAINED, trained)
    return found.auto, rounds


def _examination(config: Config, bias: BiasConfig, data: QueryData, report: Report) -> Propensity:
    log = click_log(config, {"train", "ranker"}, report)
    report("estimate examination", 0, 1)
    found = estimated(bias, log, data)
    report("estimate examination", 1, 1)
    return found
