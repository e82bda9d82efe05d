"""Training on new days from an earlier run, and progressive validation of it."""

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError, FingerprintError
from models import snapshot, warm_start
from models.model import Model
from models.trainer import Trainer
from pipelines.config import Config, check_config
from pipelines.metrics.auc import AUC
from pipelines.metrics.loss import LogLoss
from pipelines.metrics.predictions import Predictions
from pipelines.prepare import prepare
from pipelines.progressive.report import Report
from pipelines.run import Run
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import simulate
from pipelines.start import Start
from pipelines.train import train

DAYS = (0, 12_000, 15_000, 18_000)  # the rows where a day ends
RUN: dict[str, Any] = {
    "name": "days",
    "data": {"paths": "", "label": "click", "query": "query_id"},
    "features": [
        {"type": "id", "columns": ["user_id", "user_age", "item_id", "item_category"]},
        {"type": "numeric", "column": "item_price", "log": True},
        {"type": "sequence", "column": "history", "vocabulary": "item_id", "max_length": 5},
    ],
    "model": {"type": "wide_deep", "dim": 4, "hidden": [8]},
    "train": {"epochs": 2, "batch_size": 256, "optimizers": {"dense": {"learning_rate": 0.01}}},
}


def silent(*_: Any) -> None:
    """Report to nobody."""


def configured(folder: Path, day: int, **changes: Any) -> Config:
    data = RUN["data"] | {"paths": f"day-{day}.parquet"}
    return check_config(RUN | {"data": data} | changes, folder)


def progressive(**declared: Any) -> dict[str, Any]:
    return RUN["train"] | {"epochs": 1, "progressive": declared}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three days of a log; items and users come up day by day."""
    folder = tmp_path_factory.mktemp("days")
    settings = SimulatorConfig(rows=DAYS[-1], users=2000, items=2000, queries_per_day=600)
    simulate(settings, folder / "log")
    rows = pl.concat([pl.read_parquet(one) for one in sorted((folder / "log/log").iterdir())])
    for day, (start, end) in enumerate(pairwise(DAYS), 1):
        rows[start:end].write_parquet(folder / f"day-{day}.parquet")
    return folder


@pytest.fixture(scope="module")
def first(log: Path) -> Run:
    return train(configured(log, 1), log / "runs" / "first", silent)


@pytest.fixture(scope="module")
def second(log: Path, first: Run) -> Run:
    config = configured(log, 2, train=progressive(rows=1000))
    return train(config, log / "runs" / "second", silent, start=first.folder)


@pytest.fixture(scope="module")
def alone(log: Path) -> Run:
    """The second day without the first."""
    config = configured(log, 2, train=progressive(rows=1000))
    return train(config, log / "runs" / "alone", silent)


def values(run: Run, key: str) -> list[str]:
    vocabulary = run.encoder.states[key].vocabulary
    assert vocabulary is not None
    return vocabulary.values.to_list()


def test_vocabularies_grow_day_after_day_and_the_run_says_from_where(
    log: Path, first: Run, second: Run
) -> None:
    config = configured(log, 3, train=RUN["train"] | {"epochs": 1})
    third = train(config, log / "runs" / "third", silent, start=second.folder)
    for key in ("user_id", "item_id"):
        days = [values(run, key) for run in (first, second, third)]
        assert [len(day) for day in days] == sorted({len(day) for day in days})
        assert days[2][: len(days[1])] == days[1]
        assert days[1][: len(days[0])] == days[0]
    assert third.model is not None
    assert third.model.layout == third.encoder.layout
    assert [run.about["from"] and run.about["from"]["run"] for run in (first, second, third)] == [
        None, "../first", "../second",
    ]  # fmt: skip


def test_the_second_day_from_the_first_beats_the_second_alone(second: Run, alone: Run) -> None:
    assert second.metrics["ctr"]["AUC"] > alone.metrics["ctr"]["AUC"] + 0.01
    assert second.metrics["ctr"]["LogLoss"] < alone.metrics["ctr"]["LogLoss"]
    assert second.progressive is not None
    assert alone.progressive is not None
    change = second.progressive.against(alone.progressive)
    assert change.all.metrics["LogLoss"] < 0
    assert change.all.metrics["1 - AUC"] < -1
    assert change.slices[0].metrics["LogLoss"] < change.slices[-1].metrics["LogLoss"]


@pytest.mark.parametrize("precision", ["float32", pytest.param("bfloat16", marks=pytest.mark.slow)])
def test_progressive_validation_is_a_loop_of_score_then_learn(
    log: Path, first: Run, precision: str
) -> None:
    """Of the rows in the order of the log, by hand."""
    declared = progressive(rows=1000) | {"precision": precision}
    config = configured(log, 2, train=declared)
    run = train(config, log / "runs" / f"hand-{precision}", silent, start=first.folder)
    prepared = run.prepared
    model = Model(config.model, prepared.encoder.layout, config.train.optimizers)
    state = warm_start.take_over(model, first.folder / "checkpoint")
    trainer = Trainer(model, config.train)
    warm_start.remember(trainer.step, state, first.folder)
    scores, labels = [], []
    for batch in prepared.part("train").batches(256):
        trainer.step.sync()
        scores.append(model.predict([batch]))
        labels.append(batch.label)
        trainer.step(batch)
    raw = pl.read_parquet(log / "day-2.parquet")["click"].to_numpy()
    label, score = np.concatenate(labels).astype(np.float64), np.concatenate(scores)
    np.testing.assert_array_equal(label, raw[: len(label)])
    found = run.progressive
    assert found is not None
    assert found.all.rows == len(label) == 2400
    assert [(one.slice, one.rows) for one in found.slices] == [
        ("0", 1000), ("1000", 1000), ("2000", 400),
    ]  # fmt: skip
    parts = [slice(None), slice(0, 1000), slice(1000, 2000), slice(2000, None)]
    for one, rows in zip([found.all, *found.slices], parts, strict=True):
        data = Predictions(label[rows], score[rows].astype(np.float64))
        assert one.metrics["AUC"] == AUC().compute(data)
        assert one.metrics["LogLoss"] == LogLoss().compute(data)


def test_slices_by_the_hour_and_by_a_value(log: Path) -> None:
    declared = progressive(column="timestamp", period=3600)
    config = configured(log, 2, train=declared)
    run = train(config, log / "runs" / "hours", silent)
    found = run.progressive
    assert found is not None
    hours = pl.read_parquet(log / "day-2.parquet")["timestamp"][: found.all.rows] // 3600 * 3600
    counts = hours.value_counts().sort("timestamp")
    assert [one.slice for one in found.slices] == counts["timestamp"].cast(pl.String).to_list()
    assert [one.rows for one in found.slices] == counts["count"].to_list()
    assert len(found.slices) > 3
    mean = sum(one.rows * one.metrics["LogLoss"] for one in found.slices) / found.all.rows
    assert mean == pytest.approx(found.all.metrics["LogLoss"], rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("correct", ["weight", "prior"])
def test_thinned_negatives_are_made_up_for(log: Path, first: Run, correct: str) -> None:
    """The metrics are of the log: a fifth of the negatives estimates its loss and its rate."""
    losses = []
    for rate in (1.0, 0.2):
        thinned = RUN["data"] | {"paths": "day-2.parquet"}
        thinned["negatives"] = {"rate": rate, "correct": correct}
        config = configured(log, 2, data=thinned, train=progressive())
        run = train(config, log / "runs" / f"{correct}-{rate}", silent, start=first.folder)
        assert run.progressive is not None
        losses.append(run.progressive.all.metrics)
    assert losses[1]["LogLoss"] == pytest.approx(losses[0]["LogLoss"], rel=0.1)
    assert losses[1]["PCOC"] == pytest.approx(losses[0]["PCOC"], abs=0.15)


def trees(folder: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "run.json"}


@pytest.mark.parametrize("saves", [pytest.param(1, marks=pytest.mark.slow), 4])
def test_interrupted_and_resumed_it_ends_to_the_bit_as_if_it_had_not_been(
    log: Path, first: Run, monkeypatch: pytest.MonkeyPatch, saves: int, tmp_path: Path
) -> None:
    declared = progressive(rows=700) | {"checkpoint_minutes": 1e-9}
    config, out = configured(log, 2, train=declared), tmp_path / "run"
    whole = train(config, tmp_path / "whole", silent, start=first.folder)
    write, done = snapshot.save, 0

    def interrupted(*arguments: Any) -> None:
        nonlocal done
        write(*arguments)
        done += 1
        if done == saves:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(config, out, silent, start=first.folder)
    scores = tmp_path / ".run.unfinished" / ".scores"
    scores.write_bytes(scores.read_bytes() + b"what was scored after the snapshot")
    train(config, out, silent, resume=True, start=first.folder)
    assert trees(out) == trees(whole.folder)
    assert not (out / ".scores").exists()


def test_prepared_rows_of_new_days_read_what_the_first_day_said(log: Path, tmp_path: Path) -> None:
    """A rate of the label by item is that of the first day, also for rows to learn from."""
    target = {"type": "target", "column": "item_id", "name": "rate", "smoothing": 5.0}
    declared = {"features": [*RUN["features"], target]}
    known = prepare(configured(log, 1, **declared), tmp_path, silent).encoder
    config = configured(log, 2, **declared)
    grown = prepare(config, tmp_path, silent, known)
    rates = grown.part("train").frame(["rate"])["rate"]
    raw = pl.read_parquet(log / "day-2.parquet")
    assert rates.equals(known.encode(raw)["rate"][: len(rates)])
    assert grown.folder != prepare(config, tmp_path, silent).folder
    assert grown.folder == prepare(config, tmp_path, silent, known).folder


def test_another_start_is_another_training(
    log: Path, first: Run, second: Run, tmp_path: Path
) -> None:
    config = configured(log, 2, train=progressive(rows=1000))
    begun = (second.folder / "run.json").stat().st_mtime_ns
    again = train(config, second.folder, silent, resume=True, start=first.folder)
    assert (again.folder / "run.json").stat().st_mtime_ns == begun
    keys = {run.about["training"] for run in (first, second)}
    other = train(config, tmp_path / "other", silent, resume=True, start=second.folder)
    assert other.about["training"] not in keys
    assert other.about["from"]["model"] == Start.of(second.folder, config, tmp_path / "x").identity


def test_what_cannot_be_gone_on_from_is_refused(log: Path, first: Run, tmp_path: Path) -> None:
    def refused(error: type[Exception], told: str, out: Path | None = None, **changes: Any) -> None:
        with pytest.raises(error, match=told):
            train(
                configured(log, 2, **changes), out or tmp_path / "run", silent, start=first.folder
            )
        assert not (tmp_path / "run").exists()

    refused(FingerprintError, r"differ in features \(item_price\)", features=RUN["features"][:1]
            + RUN["features"][2:])  # fmt: skip
    refused(ConfigError, r"differs in dim \(was 4\)", model=RUN["model"] | {"dim": 8})
    refused(ConfigError, "must stay; .* Choose another --out", out=first.folder)
    alone = {"rounds": 1, "unbiased": False}
    refused(ConfigError, "must have a ranker of XGBoost to go on from", model=None, ranker=alone)
    bare = Path(shutil.copytree(first.folder, tmp_path / "bare"))
    (bare / "checkpoint" / "model.json").unlink()
    with pytest.raises(ConfigError, match="must have a model to go on from; it has none"):
        Start.of(bare, configured(log, 2), tmp_path / "run")


def test_a_ranker_alone_learns_on(log: Path, tmp_path: Path) -> None:
    """As many trees as both trainings kept, and one that adds 0 where the bias is put in place."""
    data = RUN["data"] | {"position": "position"}
    base = {**RUN, "model": None, "train": {}, "ranker": {"rounds": 5, "max_depth": 3}}
    runs: list[Run] = []
    for day in (1, 2):
        declared = base | {"data": data | {"paths": f"day-{day}.parquet"}}
        start = runs[-1].folder if runs else None
        if start is None:  # a weak one, so that there is something to learn
            declared["ranker"] = {"rounds": 1, "max_depth": 1}
        runs.append(train(check_config(declared, log), tmp_path / f"{day}", silent, start=start))
    first, second = (run.ranker for run in runs)
    assert first is not None
    assert second is not None
    old, new = (one.booster.get_dump() for one in (first, second))
    assert new[: len(old)] == old
    assert 1 == len(old) < len(new) <= 7
    assert new[len(old)] == "0:leaf=-0\n"
    assert second.bias != first.bias
    assert runs[1].about["from"]["run"] == "../1"
    (tmp_path / "1" / "ranker" / "trees.ubj").unlink()
    with pytest.raises(ConfigError, match="must have a ranker of XGBoost to go on"):
        Start.of(tmp_path / "1", check_config(base | {"data": data}, log), tmp_path / "x")


def test_the_command_line_tells_of_both(
    crossrank: Callable[..., Any], log: Path, first: Run, alone: Run, tmp_path: Path
) -> None:
    config = tmp_path / "two.toml"
    data = f'paths = "{log}/day-2.parquet"\nlabel = "click"\nquery = "query_id"'
    features = "\n".join(
        "[[features]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in one.items())
        for one in RUN["features"]
    )
    config.write_text(
        f'name = "two"\n[data]\n{data}\n{features}\n[model]\ntype = "wide_deep"\ndim = 4\n'
        "hidden = [8]\n[train]\nepochs = 1\nbatch_size = 256\n"
        "optimizers.dense.learning_rate = 0.01\n[train.progressive]\nrows = 1000\n"
    )
    run = tmp_path / "runs" / "two"
    command = ["train", config, "--out", run, "--from", first.folder, "--baseline", alone.folder]
    answer = crossrank(*command, "--json")
    assert answer.code == 0, answer.err
    assert answer.json["progressive"] == json.loads((run / "progressive.json").read_text())
    assert answer.json["change"]["all"]["metrics"]["LogLoss"] < 0
    prepared = crossrank("prepare", config, "--out", run, "--from", first.folder, "--json")
    assert prepared.json["out"] == str(Run(run).prepared.folder)
    shown = crossrank(*command, "--resume")
    assert "each row scored before it was learned from" in shown.out
    assert "Change of the losses against the baseline, in percent" in shown.out
    wrong = crossrank("train", config, "--baseline", first.folder, "--out", tmp_path / "x")
    assert wrong.code == 1
    assert "needs progressive validation of both runs" in wrong.err


def test_a_baseline_of_other_rows_is_refused(second: Run) -> None:
    mine = second.progressive
    assert mine is not None
    fewer = Report(declared={}, all=mine.all, slices=mine.slices[:1])
    with pytest.raises(FingerprintError, match="the same rows in the same slices"):
        mine.against(fewer)
