"""How a run's model and ranker became better on validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from features.errors import DataError
from pipelines.metrics.parse import parse_metric
from pipelines.run import Run

_LOSSES = ("train_loss", "LogLoss")
Metrics = Mapping[str, float]


def learning(run: Run) -> dict[str, Any]:
    """Curves by epoch and by round: values of one metric, and which step was the best by it.

    Raises DataError where nothing was measured twice.
    """
    history = run.history
    epochs, rounds = history.get("epochs", []), history.get("rounds", [])
    monitor = getattr(run.config.train, "monitor", None)
    curves = [_losses(epochs)]
    curves += [_curve("epoch", epochs, monitor)] if monitor not in (None, *_LOSSES) else []
    curves += [_curve("round", rounds, name) for name in _of(rounds)]
    drawn = [one for one in curves if one is not None and len(one["steps"]) > 1]
    if not drawn:
        raise DataError("Training kept no history of more than one epoch or round.")
    return {"curves": drawn}


def _losses(epochs: Sequence[Metrics]) -> dict[str, Any] | None:
    lines = {
        name: [one[name] for one in epochs]
        for name in _LOSSES
        if epochs and all(name in one for one in epochs)
    }
    if not lines:
        return None
    steps = [one["epoch"] for one in epochs]
    best = None
    if "LogLoss" in lines:
        best = steps[lines["LogLoss"].index(min(lines["LogLoss"]))]
    return {"step": "epoch", "metric": "log loss", "steps": steps, "lines": lines, "best": best}


def _curve(step: str, history: Sequence[Metrics], name: str) -> dict[str, Any] | None:
    if not history or any(name not in one for one in history):
        return None
    steps, values = [one[step] for one in history], [one[name] for one in history]
    higher = parse_metric(name.rpartition(":")[2]).higher_is_better
    best = None if higher is None else steps[values.index((max if higher else min)(values))]
    return {"step": step, "metric": name, "steps": steps, "lines": {name: values}, "best": best}


def _of(rounds: Sequence[Metrics]) -> list[str]:
    return [name for name in (rounds[0] if rounds else {}) if name != "round"][:2]
