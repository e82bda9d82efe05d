"""Every command on good input, and on every kind of bad input: one line, exit code 1."""

import gzip
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.scoring import score
from pipelines.simulator.simulation import Simulation
from serving.bundle import open_bundle

ROOT = Path(__file__).resolve().parents[2]
RUN_MAIN = "from pipelines.cli import main; main()"


def process(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN_MAIN, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, text=True, **options)


def refused(answer: Any, *words: str) -> None:
    """One line on stderr that says `error:` and these words; nothing on stdout; exit code 1."""
    assert answer.code == 1
    assert answer.out == ""
    lines = [line for line in answer.err.splitlines() if line.strip() and "━" not in line]
    assert len(lines) == 1, answer.err
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0]


def test_simulate(crossrank: Callable[..., Any], tmp_path: Path) -> None:
    answer = crossrank("simulate", tmp_path / "log", "--rows", "2000", "--set", "eta=0.5", "--json")
    assert answer.code == 0
    assert answer.json["examination"][3] == pytest.approx(0.5)
    assert Simulation.read(tmp_path / "log").oracle.rows == 2000
    refused(
        crossrank("simulate", tmp_path / "log2", "--set", "etta=1"), "etta", "Did you mean 'eta'"
    )


def test_init(crossrank: Callable[..., Any], world: Any, tmp_path: Path) -> None:
    out = tmp_path / "first.toml"
    answer = crossrank("init", world.folder / "log" / "log", "--out", out, "--json")
    assert any(line.startswith("click: guessed label") for line in answer.json["guesses"])
    text = out.read_text()
    refused(crossrank("init", world.folder / "log" / "log", "--out", out), "first.toml")
    assert out.read_text() == text


def test_prepare_is_done_once(crossrank: Callable[..., Any], world: Any, tmp_path: Path) -> None:
    command = ("prepare", world.config, "--out", tmp_path / "run", "--json")
    first = crossrank(*command).json
    stamp = (Path(first["out"]) / "prepared.json").stat().st_mtime_ns
    second = crossrank(*command).json
    assert first == second
    assert (Path(second["out"]) / "prepared.json").stat().st_mtime_ns == stamp
    assert sum(first["rows"].values()) == 20_000


def test_the_run_directory_tells_all(world: Any) -> None:
    about = world.run.about
    assert about["seed"] == 0
    assert about["encoder"] == world.run.encoder.fingerprint
    assert {"crossrank", "tensorflow", "xgboost", "python"} <= set(about["versions"])
    names = {path.name for path in world.run.folder.iterdir()}
    assert {"config.json", "run.json", "metrics.json", "history.json"} <= names
    assert {"encoder", "checkpoint", "ranker", "golden.parquet"} <= names
    history = json.loads((world.run.folder / "history.json").read_text())
    assert [one["round"] for one in history["rounds"]] == list(range(1, len(history["rounds"]) + 1))
    assert 0 < history["rounds"][0]["nDCG@10"] < 1
    best = min(history["epochs"], key=lambda epoch: epoch["LogLoss"])
    assert best["LogLoss"] == pytest.approx(world.run.metrics["ctr"]["LogLoss"], abs=1e-9)
    assert history["sparsity"].keys() <= world.run.model.tables.keys()
    for table in history["sparsity"].values():
        assert table["touched"] > 0
        assert 0 <= table["zero_rows"] <= table["zero_weights"] < 1


def test_same_seed_same_metrics(crossrank: Callable[..., Any], world: Any, tmp_path: Path) -> None:
    answer = crossrank("train", world.config, "--out", tmp_path / "again", "--json")
    assert answer.json["valid"] == world.run.metrics
    other = crossrank(
        "train", world.config, "--out", tmp_path / "other", "--set", "train.seed=1", "--json"
    )
    assert other.json["valid"] != world.run.metrics


def test_evaluate_a_run_a_bundle_and_a_file_agree(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.parquet"
    run = crossrank("evaluate", world.run.folder, "--out", rows, "--json").json
    bundle = crossrank("evaluate", world.float_bundle.folder, "--data", world.config, "--json").json
    assert run["rows"] == bundle["rows"]
    for who, metrics in bundle["metrics"].items():
        for name, value in metrics.items():
            assert run["metrics"][who][name] == pytest.approx(value, abs=1e-5), (who, name)
    file = crossrank("evaluate", rows, "--score", "probability", "--query", "query", "--json").json
    for name, value in file["metrics"]["ctr"].items():
        assert run["metrics"]["ctr"][name] == pytest.approx(value, abs=1e-9)


def test_evaluation_knows_the_truth_of_a_simulated_log(
    crossrank: Callable[..., Any], world: Any
) -> None:
    metrics = crossrank("evaluate", world.run.folder, "--json").json["metrics"]
    assert metrics["truth"]["nDCG@10 of relevance"] == pytest.approx(1)
    assert 0.5 < metrics["ctr"]["AUC"] < metrics["truth"]["AUC"]
    assert metrics["ctr"]["nDCG@10 of relevance"] < 1


def test_predict_equals_the_runs_own_scores(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    log = world.folder / "log" / "log"
    out = tmp_path / "scores.parquet"
    answer = crossrank(
        "predict", world.float_bundle.folder, log, "--out", out,
        "--keep", "query_id", "--keep", "position", "--json",
    )  # fmt: skip
    assert answer.json["rows"] == 20_000
    expected = score(world.run.prepared.part("test"), world.run.model, world.run.ranker)
    found = expected.join(
        pl.read_parquet(out),
        left_on=["query", "position"],
        right_on=["query_id", pl.col("position").cast(pl.Int64)],
        how="left",
        suffix="_bundle",
    )
    for column in ("probability", "rank"):
        difference = (found[column] - found[f"{column}_bundle"]).abs()
        assert difference.null_count() == 0
        assert difference.max() < 1e-5


def test_int8_stays_near_the_float_model(world: Any) -> None:
    exported = world.int8_bundle
    assert exported.quality is not None
    assert 0 < exported.quality.mean < 0.01
    assert exported.quality.largest < 0.05
    assert exported.manifest.size < world.float_bundle.manifest.size


def test_export_replaces_a_bundle_but_nothing_else(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    out = tmp_path / "bundle"
    for _ in range(2):
        assert crossrank("export", world.run.folder, "--out", out).code == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    refused(crossrank("export", world.run.folder, "--out", tmp_path / "mine"), "earlier bundle")
    refused(crossrank("train", world.config, "--out", tmp_path / "mine"), "earlier run")
    assert (tmp_path / "mine" / "thesis.txt").exists()


def csv(folder: Path, name: str = "log.csv", **columns: Any) -> Path:
    rows = 60
    random = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "user": [f"u{i % 7}" for i in range(rows)],
            "price": random.normal(size=rows),
            "query": [i // 6 for i in range(rows)],
            "position": [i % 6 for i in range(rows)],
            "click": [int(i % 6 == i // 6 % 6) for i in range(rows)],
        }
    ).with_columns(**{name: pl.Series(values) for name, values in columns.items()})
    path = folder / name
    frame.write_csv(path)
    return path


CSV_CONFIG = """
[data]
paths = "log.csv"
label = "click"
query = "query"
position = "position"
split = { type = "order", train = 0.5, valid = 0.5, test = 0 }
[[features]]
type = "id"
columns = "user"
[[features]]
type = "numeric"
columns = "price"
"""
MODEL = '[model]\ntype = "wide_deep"\ndim = 2\nhidden = [4]\n[train]\nepochs = 1\n'
RANKER = "[ranker]\nrounds = 2\n"


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Path]:
    """A configuration over a small CSV with these columns changed."""

    def make(sections: str = MODEL, **columns: Any) -> Path:
        csv(tmp_path, **columns)
        (tmp_path / "one.toml").write_text(CSV_CONFIG + sections)
        return tmp_path / "one.toml"

    return make


def test_a_small_csv_trains(crossrank: Callable[..., Any], project: Any, tmp_path: Path) -> None:
    assert crossrank("train", project(), "--out", tmp_path / "run").code == 0
    assert crossrank("train", project(RANKER), "--out", tmp_path / "run2").code == 0


@pytest.mark.parametrize(
    ("columns", "sections", "words"),
    [
        ({"click": [2] * 60}, MODEL, ["Labels must be 0 or 1", "click"]),
        ({"click": [0] * 60}, MODEL, ["both labels", "'train'"]),
        ({"click": [1] + [0] * 59}, MODEL, ["both labels", "'valid'"]),
        ({"click": ["yes"] * 60}, MODEL, ["label must hold numbers", "click"]),
        ({"click": [None] + [1, 0] * 29 + [1]}, MODEL, ["must have a label", "misses 1"]),
        ({"price": ["cheap"] * 60}, MODEL, ["'price' must hold numbers", "String"]),
        ({"price": [None] * 60}, MODEL, ["'price'", "all"]),
        ({"user": [None] * 60}, MODEL, ["'user'", "missing"]),
        ({"position": [0] * 60}, RANKER, ["Positions must differ within a query"]),
        ({"position": [0.5] * 60}, RANKER, ["whole numbers", "position"]),
        ({"click": [0.0] * 60}, RANKER, ["different labels"]),
        ({"click": [2, 0] * 30}, RANKER, ["0 or 1", "unbiased"]),
    ],
)
def test_bad_columns(
    crossrank: Callable[..., Any],
    project: Any,
    tmp_path: Path,
    columns: dict[str, Any],
    sections: str,
    words: list[str],
) -> None:
    out = tmp_path / "run"
    refused(crossrank("train", project(sections, **columns), "--out", out), *words)
    assert not out.exists()


def test_bad_files(crossrank: Callable[..., Any], project: Any, tmp_path: Path) -> None:
    config = project()
    refused(crossrank("train", tmp_path / "none.toml"), "none.toml", "must exist")
    refused(crossrank("train", config, "--set", "data.paths=none.csv"), "none.csv")
    refused(crossrank("train", config, "--set", "data.label=clicked"), "'clicked'", "'click'")
    (tmp_path / "empty.csv").write_text("")
    refused(crossrank("train", config, "--set", "data.paths=empty.csv"), "empty.csv")
    (tmp_path / "head.csv").write_text("user,price,query,position,click\n")
    refused(crossrank("train", config, "--set", "data.paths=head.csv"), "row")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"user,click\na,1\n" * 9)[:-9])
    refused(crossrank("train", config, "--set", "data.paths=cut.csv.gz"), "cut.csv.gz")
    (tmp_path / "not.parquet").write_text("no")
    refused(crossrank("train", config, "--set", "data.paths=not.parquet"), "not.parquet")


def test_unsorted_queries(crossrank: Callable[..., Any], project: Any, tmp_path: Path) -> None:
    config = project(
        RANKER + "unbiased = false\n", query=[i % 10 for i in range(60)], position=[0] * 60
    )
    text = config.read_text().replace('position = "position"\n', "")
    config.write_text(text)
    refused(crossrank("train", config, "--out", tmp_path / "r"), "stand together")


def test_a_bundle_meets_the_wrong_rows(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    bundle = world.int8_bundle.folder
    log = csv(tmp_path)
    refused(crossrank("predict", bundle, log), "'user_age'", "must be in the data")
    refused(crossrank("predict", bundle, tmp_path / "none.csv"), "none.csv")
    refused(crossrank("predict", tmp_path / "none", log), "manifest.json", "must exist")
    refused(crossrank("evaluate", bundle), "--data")
    refused(crossrank("evaluate", log), "'label'", "--label")
    refused(crossrank("evaluate", log, "--label", "click"), "'score'", "--score")
    refused(crossrank("evaluate", tmp_path), "run", "bundle")
    refused(crossrank("evaluate", world.run.folder, "--metrics", "AUX"), "AUC")
    refused(crossrank("export", tmp_path / "none"), "run.json", "must exist")


def test_predict_loses_nothing_when_the_disk_is_full(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "scores.parquet"
    out.write_bytes(b"earlier scores")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_table", full)
    log = world.folder / "log" / "log"
    refused(crossrank("predict", world.int8_bundle.folder, log, "--out", out), "No space left")
    assert out.read_bytes() == b"earlier scores"
    assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]


def killed(command: list[Any], until: Path) -> None:
    """A training that is killed once there is such a file."""
    victim = process(*command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    while not until.exists() and time.monotonic() < deadline:
        assert victim.poll() is None
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert until.exists()


def test_killed_midway_leaves_nothing_whole_and_a_rerun_works(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    command = ["train", world.config, "--out", out]
    longer = ["--set", "train.epochs=500", "--set", "train.patience=500"]
    killed([*command, *longer], tmp_path / ".run.unfinished" / "checkpoint" / "model.json")
    assert not out.exists()
    refused(crossrank("evaluate", out), "run")
    # What was begun is another training, so that this one starts anew.
    again = crossrank(*command, "--resume", "--json")
    assert again.json["valid"] == world.run.metrics
    assert not (tmp_path / ".run.unfinished").exists()


def trees(folder: Path) -> dict[str, bytes]:
    """The files of a run, but for the one that says where it lies."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "run.json"}


@pytest.mark.slow
def test_resumed_after_a_kill_it_ends_to_the_bit_as_if_it_had_not_been(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    often = ["--set", "train.epochs=4", "--set", "train.patience=9",
             "--set", "train.checkpoint_minutes=1e-9", "--set", "train.batch_size=64",
             "--set", "model.dropout=0.2"]  # fmt: skip
    whole = ["train", world.config, "--out", tmp_path / "whole", *often]
    assert crossrank(*whole).code == 0
    command = ["train", world.config, "--out", tmp_path / "run", *often, "--resume"]
    work = tmp_path / ".run.unfinished"
    killed(command, work / "snapshot" / "course.json")
    killed(command, work / "checkpoint" / "model.json")
    assert crossrank(*command).code == 0
    assert trees(tmp_path / "run") == trees(tmp_path / "whole")
    assert crossrank(*command).code == 0  # it is finished: nothing is trained again


def test_two_at_once_do_not_mix(crossrank: Callable[..., Any], world: Any, tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = process("train", world.config, "--out", out, "--set", "train.epochs=500",
                    "--set", "train.patience=500", stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        deadline = time.monotonic() + 90
        while not (tmp_path / ".run.unfinished").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        refused(crossrank("train", world.config, "--out", out), "another process")
    finally:
        first.send_signal(signal.SIGINT)
        assert first.wait() == 130
    assert not out.exists()


def test_a_checkpoint_of_another_encoder_is_refused(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    shutil.copytree(world.folder / "runs", tmp_path / "runs")
    run = tmp_path / "runs" / "small"
    saved = json.loads((run / "checkpoint" / "model.json").read_text())
    (run / "checkpoint" / "model.json").write_text(json.dumps(saved | {"encoder": "0" * 64}))
    for command in (("evaluate", run), ("export", run, "--out", tmp_path / "bundle")):
        refused(crossrank(*command), "belongs to encoder 000000000000", "crossrank train")
    assert not (tmp_path / "bundle").exists()


def test_another_training_is_another_version(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    run, out = tmp_path / "run", tmp_path / "bundle"
    assert crossrank("train", world.config, "--out", run, "--set", "train.seed=1").code == 0
    assert crossrank("export", run, "--out", out).code == 0
    other, first = open_bundle(out), world.int8_bundle.manifest
    assert other.encoder == first.encoder
    assert other.version != first.version
    assert world.float_bundle.manifest.version == first.version


def test_serve_refuses_a_taken_port_and_a_damaged_bundle(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    bundle = world.int8_bundle.folder
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused(crossrank("serve", bundle, "--port", port), str(port), "another process")
    shutil.copytree(bundle, tmp_path / "cut")
    codes = tmp_path / "cut" / "tables" / "embedding.int8.codes.npy"
    codes.write_bytes(codes.read_bytes()[:-1])
    refused(
        crossrank("serve", tmp_path / "cut", "--port", "0"), "embedding.int8.codes.npy", "bytes"
    )


def test_a_place_that_cannot_be_written(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "below"
    refused(crossrank("export", world.run.folder, "--out", place), str(place))
    refused(crossrank("train", world.config, "--out", place), "file")
    refused(crossrank("evaluate", world.run.folder, "--out", place), "below")


def test_debug_shows_the_trace(crossrank: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(Exception, match="must exist"):
        crossrank("train", tmp_path / "none.toml", "--debug")


def test_help_names_every_command() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", RUN_MAIN, "--help"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for command in (
        "demo", "simulate", "simulate-clicks", "init", "prepare", "train", "evaluate", "compare",
        "export", "predict", "serve",
    ):  # fmt: skip
        assert f" {command} " in shown


def test_compare_a_run_with_its_bundle_and_the_truth(
    crossrank: Callable[..., Any], world: Any
) -> None:
    answer = crossrank(
        "compare", world.run.folder, world.int8_bundle.folder, "truth", "--data", world.config,
        "--by", "hour // 12", "--metrics", "AUC,LogLoss,nDCG@10", "--resamples", "300", "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    bundle, truth = answer.json["compared"]
    for metrics in bundle["differences"].values():
        for one in metrics.values():
            assert one["value"] == pytest.approx(0, abs=0.01)
    assert truth["differences"]["ctr"]["AUC"]["verdict"] == "better"
    assert truth["differences"]["ctr"]["LogLoss"]["verdict"] == "better"
    assert {one["slice"] for one in truth["slices"]["ctr"]} == {"hour // 12 = 0", "hour // 12 = 1"}
