"""The noise scale, through the command line."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from models.train_config import TrainConfig
from pipelines.noise import described
from pipelines.run import Run


def test_training_measures_and_says_it(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    """And is else the same training."""
    out = tmp_path / "run"
    command = ("train", world.config, "--out", out, "--set", "train.noise_steps=3")
    answer = crossrank(*command, "--noise-scale")
    assert answer.code == 0, answer.err
    run = Run(out)
    assert [row["LogLoss"] for row in run.history["epochs"]] == [
        row["LogLoss"] for row in world.run.history["epochs"]
    ]
    assert run.history["epochs"][-1]["noise_scale"] > 0
    said = " ".join(answer.out.split())
    assert f"noise scale {run.history['epochs'][-1]['noise_scale']:,.0f} rows" in said
    assert "The batch was 256 rows." in said
    assert described(world.run) is None


def test_noise_that_hides_the_gradient_has_no_number() -> None:
    run: Any = SimpleNamespace(
        config=SimpleNamespace(model="any", train=TrainConfig(noise_scale=True, batch_size=64)),
        history={"epochs": [{"epoch": 1, "train_loss": 0.5}]},
    )
    said = described(run)
    assert said is not None
    assert "unknown: in batches of 64 rows" in said


@pytest.mark.parametrize("measured", [False, True])
def test_a_run_without_a_model_says_nothing(measured: bool) -> None:
    run: Any = SimpleNamespace(
        config=SimpleNamespace(model=None, train=TrainConfig(noise_scale=measured)), history={}
    )
    assert described(run) is None
