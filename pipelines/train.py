"""Prepared data to a run: train the CTR model, then the ranker on top of it."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from features import store
from features.errors import ConfigError, DataError
from features.files import read_json, remove, resuming, unfinished, write_json
from models.evidence import FILE as EVIDENCE
from pipelines.calibration import calibrate, require_rows
from pipelines.config import Config
from pipelines.evaluate import Results, evaluate_scores
from pipelines.monitor import Monitor
from pipelines.prepare import Prepared, Report, prepare
from pipelines.progressive.report import FILE as PROGRESSIVE
from pipelines.progressive.validation import ProgressiveValidation
from pipelines.run import RUN, Run, about, versions
from pipelines.scoring import matrix, query_data, score
from pipelines.start import Start
from pipelines.tracking import tracker_of
from pipelines.watching import Bars, Epochs, Watcher, require, watching
from ranking import lambdamart
from ranking.lambdamart import Ranker
from serving.calibration import store as calibrations

if TYPE_CHECKING:
    from features.batch import Batch
    from features.dataset.dataset import Dataset
    from models.model import Model

Metrics = dict[str, float]

_BEGUN, _SNAPSHOT, _SCORES = "begun.json", "snapshot", ".scores"  # of a training under way


def train(
    config: Config,
    out: Path,
    report: Report,
    *,
    resume: bool = False,
    start: Path | None = None,
    root: Path | None = None,
    watch: Callable[[Metrics], None] | None = None,
) -> Run:
    """Train as configured, and write the run to `out`, whole or not at all.

    The data is prepared in `root`, beside `out` unless given, if it is not yet. The epoch and the
    round that are kept are the best on validation; `watch` is called with each epoch's metrics.
    `resume` goes on where an interrupted training of the same configuration stood, to the very run
    that it would have made; if it was finished, that is it. From the run in `start`, where there is
    one, vocabularies grow and the model learns on.

    Raises:
        ConfigError: TensorFlow, or what is reported to, is not installed; or `out` is something
            else than a run, or the model is declared otherwise than that of `start`.
        FingerprintError: the columns are declared otherwise than those of `start`.
        DataError: the rows cannot be learned from.
    """
    if out.exists() and not (out / RUN).exists():
        raise ConfigError(f"{out} must be a new folder or an earlier run; it is neither.")
    require(config)
    tracker = tracker_of(config.track, config.base)
    begin = None if start is None else Start.of(start, config, out)
    root = root or out.resolve().parent
    prepared = prepare(config, root, report, begin.encoder if begin else None)
    if config.calibration is not None:
        require_rows(prepared.part("valid"))
    key = _key(config, prepared, begin)
    if resume and not unfinished(out).exists() and _key_of(out / RUN) == key:
        return Run(out)
    with resuming(out) as work, tracker:
        if not (resume and _key_of(work / _BEGUN) == key):
            for left in work.iterdir():
                remove(left)
            write_json(work / _BEGUN, {"training": key})
        shutil.rmtree(work / "encoder", ignore_errors=True)
        store.save(prepared.encoder, work / "encoder")
        prepared.golden.write_parquet(work / "golden.parquet")
        document = json.loads(config.model_dump_json())
        write_json(work / "config.json", document)
        told = about(config, prepared, out)
        told |= {"from": begin and begin.about(out), "training": key}
        tracker.begin(work, document, told)
        model, ranker, calibrated = None, None, None
        epochs: list[Metrics] = []
        rounds: list[Metrics] = []
        if config.model is not None:
            watchers = [tracker] if watch is None else [tracker, Epochs(watch)]
            model, epochs = _train_model(config, prepared, work, report, watchers, begin)
            if config.calibration is not None:
                calibrated = calibrate(config.calibration, model, prepared.part("valid"))
                calibrations.save(calibrated.calibration, work)
        if config.ranker is not None:
            ranker, rounds = _train_ranker(config, prepared, model, report)
            ranker.save(work / "ranker")
        sparse = {} if model is None else _sparsity(model)
        write_json(work / "history.json", {"epochs": epochs, "rounds": rounds, "sparsity": sparse})
        fitted = None if calibrated is None else calibrated.calibration
        valid = score(prepared.part("valid"), model, ranker, fitted)
        metrics: Results = evaluate_scores(valid if calibrated is None else calibrated.fair(valid))
        write_json(work / "metrics.json", metrics)
        write_json(work / RUN, told)
        tracker.finish(work)
        for made in (work / _BEGUN, work / _SNAPSHOT, work / EVIDENCE, *work.glob(".*")):
            remove(made)
    return Run(out)


def _key(config: Config, prepared: Prepared, start: Start | None) -> str:
    """Of all that the run follows from."""
    inputs = {
        "config": json.loads(config.model_dump_json()),
        "encoder": prepared.encoder.fingerprint,
        "data": prepared.about["data"],
        "versions": versions(),
        "from": start and start.identity,
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _key_of(file: Path) -> str | None:
    try:
        return str(read_json(file, made_by="").get("training"))
    except DataError:
        return None


def _train_model(
    config: Config,
    prepared: Prepared,
    work: Path,
    report: Report,
    watchers: Sequence[Watcher],
    start: Start | None,
) -> tuple[Model, list[Metrics]]:
    if isinstance(config.model, dict):
        raise ConfigError(
            "Training a [model] needs TensorFlow, which is not installed here. "
            "Install crossrank with its train extra: pip install 'crossrank[train]'."
        )
    from models import checkpoint, snapshot, warm_start  # TensorFlow takes seconds to import
    from models.course import Course
    from models.model import Model
    from models.trainer import Trainer

    settings = config.train
    train, valid = prepared.part("train"), prepared.part("valid")
    model = Model(
        config.model, train.layout, settings.optimizers, settings.seed, _priors(train, prepared)
    )

    monitor = Monitor.parse(settings.monitor, config.data.tasks)

    def validate(current: Model) -> Metrics:
        return monitor.metrics(score(valid, current, None))

    encoder, offset = prepared.encoder.fingerprint, -prepared.offset
    if start is None:
        trainer = Trainer(model, settings, offset, work)
    else:
        trainer = warm_start.going_on(start.checkpoint, model, settings, offset, work)
    begun = work / _SNAPSHOT
    course = snapshot.load(trainer, begun) if begun.exists() else Course()
    progressive = None
    if settings.progressive is not None:
        progressive = ProgressiveValidation(
            settings.progressive, config, trainer, work / _SCORES, prepared.offset
        )

    def batches(epoch: int, skip: int) -> Iterator[Batch]:
        by_query, rows = settings.loss.needs_query, settings.rows(epoch)
        if progressive is not None:
            ordered = train.batches(rows, skip=skip, by_query=by_query)
            return progressive.watch(ordered, course.rows)
        seed = settings.seed * 1_000_003 + epoch
        return train.batches(rows, seed=seed, skip=skip, by_query=by_query)

    def save(course: Course) -> None:
        if progressive is not None:
            progressive.flush()
        snapshot.save(trainer, course, begun, encoder)

    def keep(best: Model) -> None:
        checkpoint.save(best, work / "checkpoint", encoder, trainer.step.state)

    bars = Bars(report, train.rows, monitor.name)
    with watching(config, work, course.steps, [bars, *watchers]) as told:
        history = trainer.fit(
            batches=batches,
            validate=validate,
            better=monitor.better,
            keep=keep,
            report=told,
            save=save,
            course=course,
        )
    if progressive is not None:
        write_json(work / PROGRESSIVE, progressive.report().model_dump())
    best, _ = checkpoint.load(work / "checkpoint")
    return best, history


def _sparsity(model: Model) -> dict[str, dict[str, float]]:
    from models.optimizers.sparsity import sparsities  # TensorFlow takes seconds to import

    return {name: found._asdict() for name, found in sparsities(model.tables).items()}


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
