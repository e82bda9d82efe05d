"""What TensorBoard reads of a training."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError
from models.trainer import Progress
from pipelines import scalars as module
from pipelines.pace import Pace
from pipelines.scalars import scalars

Read = dict[str, list[tuple[int, float]]]


def read(folder: Path) -> Read:
    """By tag, (step, value), as the web server reads them."""
    from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    found = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    found.Reload()
    return {
        tag: [(one.step, float(make_ndarray(one.tensor_proto))) for one in found.Tensors(tag)]
        for tag in found.Tags()["tensors"]
    }


def train(folder: Path, start: int, stop: int, every: int = 1) -> None:
    with scalars(folder, every, start) as told:
        for step in range(start + 1, stop + 1):
            told.step(Progress(1, 10 * step, loss=step / 8, step=step, rate=0.5), Pace())
        told.epoch(Progress(1, 0, 0.25, {"AUC": 0.75}, step=stop))


def test_each_so_many_steps_and_each_epoch(tmp_path: Path) -> None:
    train(tmp_path, 0, 10, every=4)
    assert read(tmp_path) == {
        "train/loss": [(4, 0.5), (8, 1.0)],
        "train/rate": [(4, 0.5), (8, 0.5)],
        "epoch/train_loss": [(10, 0.25)],
        "valid/AUC": [(10, 0.75)],
    }


@pytest.mark.parametrize("stood", [0, 6, 10])
def test_a_resumed_training_goes_on_at_its_step(tmp_path: Path, stood: int) -> None:
    """Killed at step 10, after a snapshot at `stood`: each step is there once, to 12."""
    train(tmp_path, 0, 10)
    train(tmp_path, stood, 12)
    found = read(tmp_path)
    assert found["train/loss"] == [(step, step / 8) for step in range(1, 13)]
    assert found["valid/AUC"][-1] == (12, 0.75)
    assert len(found["valid/AUC"]) == (2 if stood == 10 else 1)


def test_a_run_holds_its_scalars(crossrank: Callable[..., Any], world: Any, tmp_path: Path) -> None:
    answer = crossrank(
        "train", world.config, "--out", tmp_path / "run", "--set", "train.epochs=2",
        "--set", "train.tensorboard=true", "--set", "train.tensorboard_steps=10",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    found = read(tmp_path / "run" / "tensorboard")
    history = json.loads((tmp_path / "run" / "history.json").read_text())["epochs"]
    steps = int(np.ceil(12_000 / 256))
    assert [step for step, _ in found["train/loss"]] == list(range(10, 2 * steps + 1, 10))
    assert {value for _, value in found["train/rate"]} == {1}
    assert min(value for _, value in found["train/rows_per_second"]) > 0
    for tag, name in (("epoch/train_loss", "train_loss"), ("valid/AUC", "AUC")):
        assert [step for step, _ in found[tag]] == [steps, 2 * steps]
        assert [value for _, value in found[tag]] == pytest.approx([row[name] for row in history])


def test_a_folder_of_ones_own(crossrank: Callable[..., Any], world: Any, tmp_path: Path) -> None:
    board = tmp_path / "boards"
    answer = crossrank(
        "train", world.config, "--out", tmp_path / "run", "--set", "train.epochs=1",
        "--set", f"train.tensorboard={board}",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "valid/AUC" in read(board / "small")
    assert not (tmp_path / "run" / "tensorboard").exists()


def test_without_tensorboard_training_does_not_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"crossrank\[track\]"):
        module.require_tensorboard()
