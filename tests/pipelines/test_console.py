"""What stages look like, on a terminal and off it."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from pipelines import console
from pipelines.pace import Pace
from pipelines.watching import Bars, Watching


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], io.StringIO]:
    """Stages go to this text, as on a terminal of 160 columns or as into a file."""

    def made(terminal: bool) -> io.StringIO:
        text = io.StringIO()
        fake = Console(file=text, force_terminal=terminal, width=160 if terminal else 80)
        monkeypatch.setattr(console, "ERR", fake)
        return text

    return made


def test_off_a_terminal_each_stage_is_a_line_once_the_next_begins(
    shown: Callable[[bool], io.StringIO],
) -> None:
    text = shown(False)
    with console.stages() as report:
        report("read", 5, 10)
        report("read", 10, 10)
        assert text.getvalue() == ""
        report("train, epoch 1", 4, 8, "loss 0.9")
        assert text.getvalue().count("\n") == 1
        assert "10/10" in text.getvalue()
        report("train, epoch 1", 8, 8, f"loss 0.5, LogLoss 0.4, [AUC] {'x' * 100}")
    first, second = text.getvalue().splitlines()
    assert first.startswith("read   ")
    assert second.startswith("train, epoch 1   ")
    assert second.endswith(f" 0:00:00 loss 0.5, LogLoss 0.4, [AUC] {'x' * 100}")
    assert "0.9" not in text.getvalue()


def test_on_a_terminal_the_note_stands_behind_the_bar(shown: Callable[[bool], io.StringIO]) -> None:
    text = shown(True)
    with console.stages() as report:
        report("train, epoch 1", 4, 8, "120 rows/s, loss 0.9")
        report("train, epoch 1", 4, 8, "loss 0.5, LogLoss 0.4")
    assert "loss 0.5, LogLoss 0.4" in text.getvalue()


def test_what_an_epoch_says() -> None:
    from models.trainer import Progress  # TensorFlow takes seconds to import

    said: list[tuple[str, int, int, str]] = []

    def report(stage: str, done: int, total: int, note: str = "") -> None:
        said.append((stage, done, total, note))

    watching = Watching([Bars(report, 300, "AUC")])
    watching._pace = Pace(iter([0.0, 0.5, 2.0]).__next__)
    watching(Progress(2, 100, 0.5))
    watching(Progress(2, 200, 0.5))
    watching(Progress(2, 0, 0.45678, {"LogLoss": 0.4, "AUC": 0.71239}))
    assert said == [
        ("train, epoch 2", 100, 300, "loss 0.5"),
        ("train, epoch 2", 200, 300, "200 rows/s, loss 0.5"),
        ("train, epoch 2", 300, 300, "loss 0.4568, AUC 0.7124, LogLoss 0.4"),
    ]


def test_training_shows_a_line_an_epoch(
    crossrank: Callable[..., Any], world: Any, tmp_path: Path
) -> None:
    answer = crossrank("train", world.config, "--out", tmp_path / "run", "--set", "train.epochs=2")
    lines = [line for line in answer.err.splitlines() if line.startswith("train, epoch")]
    assert len(lines) == 2
    history = json.loads((tmp_path / "run" / "history.json").read_text())["epochs"]
    for line, row in zip(lines, history, strict=True):
        assert f"loss {row['train_loss']:.4g}, LogLoss {row['LogLoss']:.4g}" in line
        assert f"AUC {row['AUC']:.4g}" in line
