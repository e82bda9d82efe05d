"""Prepared data to a run: train the CTR model, then the ranker on top of it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

from features import store
from features.cosines import Cosine
from features.errors import ConfigError, DataError
from features.files import read_json, remove, resuming, unfinished, write_json
from models.evidence import FILE as EVIDENCE
from pipelines.calibration import calibrate, require_rows
from pipelines.config import Config
from pipelines.evaluate import Results, evaluate_scores
from pipelines.prepare import Prepared, Report, prepare
from pipelines.run import RUN, Run, about, versions
from pipelines.scoring import score
from pipelines.stacking.opinions import Asked, cosines_of
from pipelines.stacking.out_of_fold import out_of_fold
from pipelines.start import Start
from pipelines.tracking import tracker_of
from pipelines.train_model import SNAPSHOT, ModelTraining, sparsity
from pipelines.train_ranker import train_ranker
from pipelines.watching import Epochs, require
from serving.calibration import store as calibrations

Metrics = dict[str, float]

_BEGUN = "begun.json"  # a training under way


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
    one, vocabularies grow and the model learns on, or the ranker where there is no model.

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
        cosines: tuple[Cosine, ...] = ()
        epochs: list[Metrics] = []
        rounds: list[Metrics] = []
        unseen = None
        if config.stacking is not None and config.stacking.folds is not None:
            unseen = out_of_fold(config, prepared, report, work, begin)
            unseen.save(work)
        if config.model is not None:
            watchers = [tracker] if watch is None else [tracker, Epochs(watch)]
            model, epochs = ModelTraining(config, prepared, work, begin).run(report, watchers)
            cosines = cosines_of(config, prepared.encoder.layout)
            if config.calibration is not None:
                calibrated = calibrate(config.calibration, model, prepared.part("valid"))
                calibrations.save(calibrated.calibration, work)
        if config.ranker is not None:
            known = None if begin is None else begin.ranker
            opinions = None if model is None else Asked(model, cosines)
            ranker, rounds = train_ranker(config, prepared, opinions, report, work, known, unseen)
            ranker.save(work / "ranker")
        sparse = {} if model is None else sparsity(model)
        write_json(work / "history.json", {"epochs": epochs, "rounds": rounds, "sparsity": sparse})
        fitted = None if calibrated is None else calibrated.calibration
        valid = score(prepared.part("valid"), model, ranker, fitted, cosines)
        metrics: Results = evaluate_scores(valid if calibrated is None else calibrated.fair(valid))
        write_json(work / "metrics.json", metrics)
        write_json(work / RUN, told)
        tracker.finish(work)
        for made in (work / _BEGUN, work / SNAPSHOT, work / EVIDENCE, *work.glob(".*")):
            remove(made)
    return Run(out)


def _key(config: Config, prepared: Prepared, start: Start | None) -> str:
    """Of all that the run follows from."""
    inputs = {
        "config": json.loads(config.model_dump_json(exclude={"card"})),  # no run follows from it
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
