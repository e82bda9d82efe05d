"""A ranker that learns from clicks in the way that the configuration names, or in all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from features.files import write_json
from features.suggest import listing
from pipelines.bias.config import BiasConfig
from pipelines.bias.known import known as known_of
from pipelines.config import Config
from pipelines.prepare import Report
from ranking.debiasing import WAYS, Known, Way, fit
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.ranker import Ranker
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
    start: Ranker | None = None,
) -> tuple[Ranker, list[Metrics]]:
    """Train as `bias.way` says; what it rests on is written to `work`. Also every round's metric,
    with `auto` by way.

    Raises:
        ConfigError: `auto` is to go on from the `start`.
        DataError: examination is needed and cannot be estimated; or the `start` has learned another
            bias than this way does.
    """
    bias, settings = config.bias or BiasConfig(), config.ranker
    assert isinstance(settings, RankerConfig)  # as the configuration has asked
    assert bias.way is not None
    if start is not None and bias.way == "auto":
        raise ConfigError(
            "bias.way = 'auto' is the mean of several rankers; it cannot go on from one "
            f"that was trained in one way. Train anew, or name its way: {listing(WAYS)}."
        )
    known = Known(bias.depth)
    if bias.way in ("ipw", "pointwise", "auto"):
        known, propensity = known_of(config, data, report)
        if propensity is not None:
            propensity.save(work / PROPENSITY)

    rounds: list[Metrics] = []

    def told(way: Way, done: int, value: float) -> None:
        name = f"{bias.metric}, {way}" if bias.way == "auto" else settings.metric
        rounds.append({"round": done, name: value})
        report(f"train ranker, {way}", done, settings.rounds, f"{value:.4f}")

    if bias.way != "auto":
        way = bias.way

        def progress(done: int, metrics: Metrics) -> None:
            told(way, done, metrics[settings.metric])

        return fit(way, settings, names, data, valid, judge, progress, known, start), rounds
    found = train_ways(settings, names, data, valid, known, told, bias.metric)
    values: dict[str, Any] = {
        way: {"value": one.value, "low": one.low, "high": one.high}
        for way, one in found.values.items()
    }
    trained = {"metric": bias.metric, "ways": values, "failures": dict(found.failures)}
    write_json(work / TRAINED, trained)
    return found.auto, rounds
