"""The validation metric that says which epoch is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import polars as pl

from features.errors import ConfigError
from features.suggest import listing
from pipelines.evaluate import evaluate_scores
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import parse_metric

_MAIN = "ctr"


@dataclass(frozen=True)
class Monitor:
    """A metric of the main task, or of a further one: `AUC`, `purchase:AUC`."""

    metric: Metric
    task: str = _MAIN

    @classmethod
    def parse(cls, text: str, tasks: Sequence[str]) -> Self:
        """Raises ConfigError: no such metric or task, or a metric that is best in between."""
        task, colon, name = text.rpartition(":")
        metric = parse_metric(name)
        if metric.higher_is_better is None:
            raise ConfigError(
                f"train.monitor must be a metric that is better when higher or lower; {metric} is "
                "best at 1. Choose LogLoss, AUC or nDCG@10."
            )
        if colon and task not in tasks:
            raise ConfigError(
                "train.monitor must be a metric, of data.label, or come after a task of data.tasks "
                f"({listing(tasks) or 'there is none'}) and a colon; got {text!r}. Name another."
            )
        return cls(metric, task) if colon else cls(metric)

    @property
    def name(self) -> str:
        """Of the metric among `metrics`."""
        return _key(self.task, str(self.metric))

    def metrics(self, scored: pl.DataFrame) -> dict[str, float]:
        """Of all tasks, those of further ones as `task:metric`, the monitored one among them."""
        results = evaluate_scores(scored)
        if str(self.metric) not in results[self.task]:
            results[self.task] |= evaluate_scores(scored, [self.metric])[self.task]
        return {
            _key(task, name): value for task in results for name, value in results[task].items()
        }

    def better(self, new: Mapping[str, float], old: Mapping[str, float]) -> bool:
        """Whether the first metrics beat the second."""
        a, b = new[self.name], old[self.name]
        return a > b if self.metric.higher_is_better else a < b


def _key(task: str, name: str) -> str:
    return name if task == _MAIN else f"{task}:{name}"
