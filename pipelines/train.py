"""Prepared data to a run: train the CTR model, then the ranker on top of it."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from features import store
from features.errors import ConfigError, DataError
from features.files import read_json, remove, resuming, unfinished, write_json
from pipelines.calibration import calibrate, require_rows
from pipelines.config import Config
from pipelines.evaluate import Results, evaluate_scores
from pipelines.monitor import Monitor
from pipelines.prepare import Prepared, Report, prepare
from pipelines.run import RUN, Run, about, versions
from pipelines.scoring import matrix, query_data, score
from ranking import lambdamart
from ranking.lambdamart import Ranker
from serving.calibration import store as calibrations

if TYPE_CHECKING:
    from features.batch import Batch
    from features.dataset.dataset import Dataset
    from models.model import Model

Metrics = dict[str, float]

_BEGUN, _SNAPSHOT = "begun.json", "snapshot"  # of a training under way


def train(config: Config, out: Path, report: Report, *, resume: bool = False) -> Run:
    """Train as configured, and write the run to `out`, whole or not at all.

    The data is prepared beside `out` if it is not yet. The epoch and the round that are kept
    are the best on validation. `resume` goes on where an interrupted training of the same
    configuration stood, to the very run that it would have made; if it was finished, that is it.

    Raises:
        ConfigError: TensorFlow is not installed, or `out` is something else than a run.
        DataError: the rows cannot be learned from.
    """
    if out.exists() and not (out / RUN).exists():
        raise ConfigError(f"{out} must be a new folder or an earlier run; it is neither.")
    prepared = prepare(config, out.resolve().parent, report)
    if config.calibration is not None:
        require_rows(prepared.part("valid"))
    key = _key(config, prepared)
    if resume and not unfinished(out).exists() and _key_of(out / RUN) == key:
        return Run(out)
    with resuming(out) as work:
        if not (resume and _key_of(work / _BEGUN) == key):
            for left in work.iterdir():
                remove(left)
            write_json(work / _BEGUN, {"training": key})
        shutil.rmtree(work / "encoder", ignore_errors=True)
        store.save(prepared.encoder, work / "encoder")
        prepared.golden.write_parquet(work / "golden.parquet")
        write_json(work / "config.json", json.loads(config.model_dump_json()))
        model, ranker, calibrated = None, None, None
        epochs: list[Metrics] = []
        rounds: list[Metrics] = []
        if config.model is not None:
            model, epochs = _train_model(config, prepared, work, report)
            if config.calibration is not None:
                calibrated = calibrate(config.calibration, model, prepared.part("valid"))
                calibrations.save(calibrated.calibration, work)
        if config.ranker is not None:
            ranker, rounds = _train_ranker(config, prepared, model, report)
            ranker.save(work / "ranker")
        write_json(work / "history.json", {"epochs": epochs, "rounds": rounds})
        fitted = None if calibrated is None else calibrated.calibration
        valid = score(prepared.part("valid"), model, ranker, fitted)
        metrics: Results = evaluate_scores(valid if calibrated is None else calibrated.fair(valid))
        write_json(work / "metrics.json", metrics)
        write_json(work / RUN, {**about(config, prepared, out), "training": key})
        for made in (work / _BEGUN, work / _SNAPSHOT, *work.glob(".*")):
            remove(made)
    return Run(out)


def _key(config: Config, prepared: Prepared) -> str:
    """Of all that the run follows from."""
    inputs = {
        "config": json.loads(config.model_dump_json()),
        "encoder": prepared.encoder.fingerprint,
        "data": prepared.about["data"],
        "versions": versions(),
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _key_of(file: Path) -> str | None:
    try:
        return str(read_json(file, made_by="").get("training"))
    except DataError:
        return None


def _train_model(
    config: Config, prepared: Prepared, work: Path, report: Report
) -> tuple[Model, list[Metrics]]:
    if isinstance(config.model, dict):
        raise ConfigError(
            "Training a [model] needs TensorFlow, which is not installed here. "
            "Install crossrank with its train extra: pip install 'crossrank[train]'."
        )
    from models import checkpoint, snapshot  # TensorFlow takes seconds to import
    from models.model import Model
    from models.trainer import Progress, Trainer

    settings = config.train
    train, valid = prepared.part("train"), prepared.part("valid")
    model = Model(
        config.model, train.layout, settings.optimizers, settings.seed, _priors(train, prepared)
    )

    def progress(step: Progress) -> None:
        if step.rows:
            report(f"train, epoch {step.epoch}", step.rows, train.rows)

    monitor = Monitor.parse(settings.monitor, config.data.tasks)

    def validate(current: Model) -> Metrics:
        return monitor.metrics(score(valid, current, None))

    trainer, encoder = Trainer(model, settings, -prepared.offset), prepared.encoder.fingerprint
    begun = work / _SNAPSHOT

    def batches(epoch: int, skip: int) -> Iterator[Batch]:
        return train.batches(settings.batch_size, seed=settings.seed * 1_000_003 + epoch, skip=skip)

    history = trainer.fit(
        batches=batches,
        validate=validate,
        better=monitor.better,
        keep=lambda best: checkpoint.save(best, work / "checkpoint", encoder),
        report=progress,
        save=lambda course: snapshot.save(trainer, course, begun, encoder),
        course=snapshot.load(trainer, begun) if begun.exists() else None,
    )
    best, _ = checkpoint.load(work / "checkpoint")
    return best, history


def _priors(train: Dataset, prepared: Prepared) -> list[float]:
    """The rate of each task's label in the log."""
    labels = train.manifest.labels
    assert labels is not None  # a configuration names the label, and preparing checked it
    means = [one.weighted_mean for one in (labels, *train.manifest.tasks.values())]
    odds = [mean / (1 - mean) * math.exp(prepared.offset) for mean in means]
    return [one / (1 + one) for one in odds]


def _train_ranker(
    config: Config, prepared: Prepared, model: Model | None, report: Report
) -> tuple[Ranker, list[Metrics]]:
    settings = config.ranker
    assert settings is not None
    # Rows the model was not fitted to: it would be overconfident about its own.
    own = prepared.part("train" if model is None else "ranker")
    valid = prepared.part("valid")
    names = list(own.layout.matrix_names(logit=model is not None))
    history: list[Metrics] = []

    def progress(done: int, metrics: Metrics) -> None:
        history.append({"round": done, **metrics})
        report("train ranker", done, settings.rounds)

    ranker = lambdamart.train(
        settings,
        names,
        query_data(own, matrix(own, model)[0]),
        query_data(valid, matrix(valid, model)[0]),
        progress,
    )
    return ranker, history
