"""A model that goes on from where the model of an earlier run stood."""

from __future__ import annotations

from pathlib import Path

from features.errors import ConfigError, DataError
from features.rows import RowSpace
from features.suggest import listing
from models import checkpoint
from models.checkpoint import Arrays, Saved
from models.model import Model
from models.step import Step
from models.train_config import TrainConfig
from models.trainer import Trainer

_UNLIKE = (
    "{folder} must hold a model of the same columns; taking it over failed: {error}. "
    "Train without the earlier run."
)


def going_on(
    folder: Path,
    model: Model,
    config: TrainConfig,
    offset: float = 0.0,
    evidence: Path | None = None,
) -> Trainer:
    """A trainer of a fresh model that goes on from a checkpoint; raises as `take_over`."""
    state = take_over(model, folder)
    # Its step may copy the network, whose weights are set now.
    trainer = Trainer(model, config, offset, evidence)
    remember(trainer.step, state, folder)
    return trainer


def take_over(model: Model, folder: Path) -> Arrays:
    """Set the weights to those of a checkpoint, and known rows with the state they carry.

    Each vocabulary's first rows are those that it had then; the rows that follow stay as they
    are. Returns what the dense update rule remembered, for `remember`.

    Raises:
        ConfigError: the model or its update rules are declared otherwise.
        DataError: the checkpoint is damaged, or is of other fields or larger vocabularies.
    """
    saved = checkpoint.read(folder)
    _require_alike(model, saved)
    try:
        for name, table in model.tables.items():
            new = model.lookups[name].space
            old = RowSpace(saved.layout, model.specs[name].fields)
            for vocabulary, start in old.starts.items():
                rows = saved.tables[name][start : start + saved.layout.vocabularies[vocabulary]]
                table.put(new.starts[vocabulary], rows)
        model.network.set_weights(saved.dense)
    except (KeyError, ValueError) as error:
        raise DataError(_UNLIKE.format(folder=folder, error=error)) from error
    return saved.state


def remember(step: Step, state: Arrays, folder: Path) -> None:
    """Give the dense update rule what `take_over` found; it starts afresh where that is nothing.

    Raises DataError where it does not fit.
    """
    if not state:
        return
    try:
        step.restore(state)
    except ValueError as error:
        raise DataError(_UNLIKE.format(folder=folder, error=error)) from error


def _require_alike(model: Model, saved: Saved) -> None:
    if model.layout.fields != saved.layout.fields:
        raise DataError(_UNLIKE.format(folder="The checkpoint", error="its fields are others"))
    grown = model.layout.vocabularies
    smaller = [key for key, rows in saved.layout.vocabularies.items() if grown.get(key, 0) < rows]
    if smaller:
        error = f"vocabularies {listing(smaller)} have shrunk"
        raise DataError(_UNLIKE.format(folder="The checkpoint", error=error))
    if model.config != saved.config:
        mine, other = (one.model_dump(mode="json") for one in (model.config, saved.config))
        keys = [key for key in mine | other if mine.get(key) != other.get(key)]
        told = listing(f"{key} (was {other.get(key)!r})" for key in keys)
        raise ConfigError(
            f"The model must be declared as in the earlier run; it differs in {told}. "
            "Change [model] back, or train without the earlier run."
        )
    rules, earlier = model.optimizers, saved.optimizers
    for group in ("embeddings", "wide", "co_action"):
        if not rules.sparse(group).continues(earlier.sparse(group)):
            raise ConfigError(_rule(group, earlier.sparse(group)))
    if type(rules.dense) is not type(earlier.dense):
        raise ConfigError(_rule("dense", earlier.dense))


def _rule(group: str, earlier: object) -> str:
    return (
        f"train.optimizers.{group} must be able to go on from what the earlier run left; that had "
        f"{earlier!r}. Declare it so, or train without the earlier run."
    )
