"""What MLflow knows of a run, read back with its own client from a local store."""

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from features.errors import ConfigError
from models.trainer import Progress
from pipelines import tracking as module
from pipelines.config import check_config
from pipelines.tracking import TrackConfig, Tracker, flat

ABOUT = {"name": "small", "encoder": "abc", "versions": {"polars": "2"}, "commit": None}
DOCUMENT = {"train": {"epochs": 2}, "track": {"mlflow": "secret"}, "features": [{"column": "a"}]}


@pytest.fixture(autouse=True)
def _theirs() -> Iterator[None]:
    """What MLflow's libraries warn of when they are used outside of our hands."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def client(folder: Path) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")


def runs(folder: Path, experiment: str) -> list[Any]:
    found = client(folder)
    return list(found.search_runs([found.get_experiment_by_name(experiment).experiment_id]))


def series(folder: Path, run: str, name: str) -> list[tuple[int, float]]:
    return [(one.step, one.value) for one in client(folder).get_metric_history(run, name)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store for all tests, each with an experiment of its own: to make one takes seconds."""
    return tmp_path_factory.mktemp("tracked")


@pytest.fixture
def settings(place: Path, request: pytest.FixtureRequest) -> TrackConfig:
    return TrackConfig(mlflow=str(place), experiment=request.node.name)


@pytest.fixture
def tracker(settings: TrackConfig, tmp_path: Path) -> Tracker:
    return Tracker(settings, tmp_path)


def stopped(tracker: Tracker, work: Path, error: BaseException) -> None:
    """A training that ends so after an epoch."""
    with tracker:
        tracker.begin(work, DOCUMENT, ABOUT)
        tracker.epoch(Progress(1, 0, 0.5))
        raise error


def finished(folder: Path) -> Path:
    """The small files of a run."""
    (folder / "history.json").write_text('{"epochs": [], "rounds": [{"round": 3, "ndcg@10": 0.5}]}')
    (folder / "metrics.json").write_text('{"ctr": {"nDCG@10": 0.25}}')
    for name in ("config.json", "run.json"):
        (folder / name).write_text("{}")
    return folder


@pytest.mark.slow
def test_a_whole_run(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path, place: Path
) -> None:
    out = tmp_path / "run"
    answer = crossrank(
        "train", world.config, "--out", out, "--set", "train.epochs=2",
        "--set", f"track.mlflow={place}", "--set", "track.experiment=clicks",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "INFO" not in answer.err
    assert "arning" not in answer.err
    (run,) = runs(place, "clicks")
    assert (run.info.status, run.info.run_name) == ("FINISHED", "small")
    assert json.loads((out / "mlflow.json").read_text())["run"] == run.info.run_id
    assert run.data.params["train.batch_size"] == "256"
    assert run.data.params["features.1.column"] == "item_price"
    assert run.data.tags["crossrank.encoder"] == world.run.about["encoder"]
    assert "crossrank.versions.tensorflow" in run.data.tags
    history = json.loads((out / "history.json").read_text())
    for name, key in (("train_loss", "train_loss"), ("valid/AUC", "AUC")):
        expected = [(int(row["epoch"]), row[key]) for row in history["epochs"]]
        assert series(place, run.info.run_id, name) == expected
    rounds = series(place, run.info.run_id, "ranker/nDCG_at_10")
    assert [step for step, _ in rounds] == [row["round"] for row in history["rounds"]]
    metrics = json.loads((out / "metrics.json").read_text())
    assert run.data.metrics["final/ranker/nDCG_at_10"] == metrics["ranker"]["nDCG@10"]
    files = {one.path for one in client(place).list_artifacts(run.info.run_id)}
    assert files == {"config.json", "run.json", "metrics.json", "history.json"}
    assert (place / "artifacts").is_dir()


def test_what_was_interrupted_is_one_run(
    tmp_path: Path, tracker: Tracker, settings: TrackConfig, place: Path
) -> None:
    work = finished(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        stopped(tracker, work, KeyboardInterrupt())
    assert [run.info.status for run in runs(place, settings.experiment)] == ["KILLED"]
    again = Tracker(settings, tmp_path)
    with again:
        again.begin(work, DOCUMENT, ABOUT)
        again.epoch(Progress(2, 0, 0.25))
        again.finish(work)
    (run,) = runs(place, settings.experiment)
    assert run.info.status == "FINISHED"
    assert series(place, run.info.run_id, "train_loss") == [(1, 0.5), (2, 0.25)]
    assert series(place, run.info.run_id, "ranker/ndcg_at_10") == [(3, 0.5)]
    assert run.data.params == {"train.epochs": "2", "features.0.column": "a"}
    assert run.data.tags["crossrank.versions.polars"] == "2"


def test_a_store_that_fails_midway_costs_one_warning_and_nothing_else(
    tmp_path: Path, tracker: Tracker, settings: TrackConfig, place: Path,
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Back after epoch 2, it is told all that it has missed."""
    work = finished(tmp_path)
    log, failing = tracker._client.log_batch, [True]

    def log_batch(*values: Any, **named: Any) -> None:
        if failing:
            raise OSError("the server\nis gone")
        log(*values, **named)

    monkeypatch.setattr(tracker._client, "log_batch", log_batch)
    with tracker:
        tracker.begin(work, DOCUMENT, ABOUT)
        tracker.epoch(Progress(1, 0, 0.5))
        tracker.epoch(Progress(2, 0, 0.25))
        failing.clear()
        tracker.epoch(Progress(3, 0, 0.125))
        tracker.finish(work)
    said = capfd.readouterr().err
    assert said.count(f"warning: MLflow at {place} does not take") == 1
    assert "the server is gone. Training goes on" in said
    (run,) = runs(place, settings.experiment)
    expected = [(1, 0.5), (2, 0.25), (3, 0.125)]
    assert series(place, run.info.run_id, "train_loss") == expected
    assert run.data.params["train.epochs"] == "2"


def test_a_store_that_never_comes_back_leaves_the_run_whole(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path, place: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    def gone(*_: Any, **__: Any) -> None:
        raise OSError("gone")

    monkeypatch.setattr("mlflow.tracking.MlflowClient.create_run", gone)
    answer = crossrank(
        "train", world.config, "--out", tmp_path / "run", "--set", "train.epochs=1",
        "--set", f"track.mlflow={place}", "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert answer.json["valid"]["ctr"]["AUC"] > 0.5
    assert answer.err.count("warning: ") == 1


def test_an_error_of_the_training_marks_its_run(
    tmp_path: Path, tracker: Tracker, settings: TrackConfig, place: Path
) -> None:
    with pytest.raises(ValueError, match="broken"):
        stopped(tracker, tmp_path, ValueError("broken"))
    assert [run.info.status for run in runs(place, settings.experiment)] == ["FAILED"]


@pytest.mark.parametrize("wrong", ["http://me:secret@127.0.0.1:9", "file:///tmp/mlruns", "odd://x"])
def test_a_place_that_does_not_answer_is_refused(
    wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(ConfigError, match=r"a folder that answers; .* said: ") as refused:
        Tracker(TrackConfig(mlflow=wrong), tmp_path)
    assert "me:secret" not in str(refused.value).partition(" said: ")[0]


def test_without_mlflow_training_does_not_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"crossrank\[track\]"):
        Tracker(TrackConfig(mlflow="tracked"), tmp_path)
    assert not (tmp_path / "tracked").exists()


def test_flat() -> None:
    found = dict(flat({"a": {"b": [1, 2], "c": None}, "d": [{"e": 1}, {"e": {}}], "f": []}))
    assert found == {"a.b": [1, 2], "a.c": None, "d.0.e": 1, "d.1.e": {}, "f": []}


def test_the_section_is_checked(world: Any) -> None:
    document = world.run.config.model_dump(mode="json")
    with pytest.raises(ConfigError, match="mlflw"):
        check_config({**document, "track": {"mlflw": "x"}}, world.folder)
