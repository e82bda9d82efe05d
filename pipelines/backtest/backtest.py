"""A backtest: each fold is a run, trained and measured as any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from features.errors import CrossrankError, DataError, SchemaError
from features.files import write_json
from pipelines.backtest.folds import Fold, Rolling, folds_of
from pipelines.config import Config, check_config
from pipelines.evaluate import Results, evaluate_scores
from pipelines.metrics.metric import Metric
from pipelines.prepare import Report
from pipelines.scoring import score
from pipelines.train import train

FILE = "backtest.json"


@dataclass(frozen=True)
class Tested:
    """A fold's metrics by scorer, or why there are none."""

    fold: Fold
    rows: dict[str, int]
    metrics: Results
    refused: str | None = None

    @property
    def told(self) -> dict[str, Any]:
        known = {} if self.refused is None else {"refused": self.refused}
        return {**self.fold.described, "rows": self.rows, "metrics": self.metrics, **known}


@dataclass(frozen=True)
class Backtest:
    """What the folds came to, in the order of time."""

    folder: Path
    tested: list[Tested]

    @property
    def measured(self) -> list[Tested]:
        return [one for one in self.tested if one.refused is None]

    def values(self, scorer: str, metric: str) -> list[float]:
        """By fold, of those that were measured."""
        return [one.metrics[scorer][metric] for one in self.measured]

    def spread(self, of: Callable[[list[float]], float]) -> Results:
        """By scorer and metric, what `of` makes of its values by fold."""
        first = self.measured[0].metrics
        return {
            scorer: {name: of(self.values(scorer, name)) for name in metrics}
            for scorer, metrics in first.items()
        }

    @property
    def document(self) -> dict[str, Any]:
        """backtest.json: the folds, and mean and standard deviation over them."""
        return {
            "folds": [one.told for one in self.tested],
            "mean": self.spread(mean),
            "std": self.spread(std),
        }


def mean(values: list[float]) -> float:
    return float(np.mean(values))


def std(values: list[float]) -> float:
    """Of the folds, as a sample; 0 of one alone."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else 0.0


def backtest(
    config: Config, rolling: Rolling, out: Path, report: Report, metrics: Sequence[Metric] = ()
) -> Backtest:
    """Train and test each fold in a folder of its own in `out`.

    The same call goes on where one before it was interrupted: folds that are finished stay. A
    fold whose rows cannot be learned from, such as a test without clicks, says why and the others
    go on.

    Raises:
        ConfigError, SchemaError: the configuration or the log does not allow it.
        DataError: there are too few periods, or no fold could be trained.
    """
    folds = folds_of(config, rolling)
    out.mkdir(parents=True, exist_ok=True)
    found = Backtest(out, list(_tested(config, folds, out, report, metrics)))
    if not found.measured:
        raise DataError(f"A fold must be trained; none could be: {found.tested[0].refused}")
    write_json(out / FILE, found.document)
    return found


def _tested(
    config: Config, folds: list[Fold], out: Path, report: Report, metrics: Sequence[Metric]
) -> Iterator[Tested]:
    for fold in folds:

        def told(stage: str, done: int, total: int, note: str = "", fold: Fold = fold) -> None:
            report(f"{fold.number}/{len(folds)} {stage}", done, total, note)

        try:
            run = train(_of_fold(config, fold), out / fold.name, told, resume=True)
        except SchemaError:
            raise
        except DataError as error:
            yield Tested(fold, {}, {}, str(error))
            continue
        part = run.prepared.part("test")
        try:
            found = evaluate_scores(
                score(part, run.model, run.ranker, run.calibration, run.cosines), metrics
            )
        except CrossrankError as error:
            yield Tested(fold, run.about["rows"], {}, str(error))
            continue
        yield Tested(fold, run.about["rows"], found)


def _of_fold(config: Config, fold: Fold) -> Config:
    """The configuration, of the rows of `data.paths` that the fold has, and no others."""
    document = config.model_dump(mode="json")
    document["data"] |= {
        "split": fold.split.model_dump(mode="json"),
        "valid_paths": None,
        "test_paths": None,
    }
    document["name"] = f"{config.name}-{fold.name}"
    return check_config(document, config.base)
