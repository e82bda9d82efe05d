"""The labels that a model family learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from features.errors import ConfigError
from features.suggest import listing
from models.multi_task import MultiTaskConfig
from models.network import ModelConfig
from models.registry import AnyModel


def with_tasks(model: ModelConfig, label: str, further: Sequence[str]) -> ModelConfig:
    """The declaration with the tasks that the data has labels for.

    Raises:
        ConfigError: the family learns more labels than there are, or fewer.
    """
    if not isinstance(model, MultiTaskConfig):
        if further:
            raise ConfigError(
                f"data.tasks are for a model of several tasks, of type {listing(_families())}; "
                f"[model] is of another type and learns '{label}' alone. Choose one of these, or "
                "remove data.tasks."
            )
        return model
    tasks, kind = (label, *further), getattr(model, "type", "")
    if not further:
        raise ConfigError(
            f"A model of type {kind} learns several labels; [data] declares '{label}' alone. Name "
            "further columns of 0 and 1 in data.tasks, or choose another model."
        )
    if model.most is not None and len(tasks) > model.most:
        raise ConfigError(
            f"A model of type {kind} learns {model.most} labels; [data] declares {listing(tasks)}. "
            "Name fewer in data.tasks, or choose another model."
        )
    if model.tasks not in ((), tasks):
        raise ConfigError(
            f"model.tasks must be the labels of [data], {listing(tasks)}; it names "
            f"{listing(model.tasks)}. Remove model.tasks."
        )
    weights = model.task_weights
    if weights not in ((), "uncertainty") and len(weights) != len(tasks):
        raise ConfigError(
            f"model.task_weights must be one number for each of {listing(tasks)}; it has "
            f'{len(weights)}. Give as many, or "uncertainty".'
        )
    return model.model_copy(update={"tasks": tasks})


def _families() -> list[str]:
    """The types that learn several labels."""
    union, *_ = get_args(AnyModel)
    known = (one for one in get_args(union) if issubclass(one, MultiTaskConfig))
    return [one.model_fields["type"].default for one in known]
