"""Models of every family over a small layout, with weights that mean something."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from features.batch import Batch
from features.index import UNSEEN
from features.layout import IdField, Layout, NumericField, SequenceField
from features.ragged import PAD
from models.model import Model
from models.optimizers.groups import Optimizers
from models.registry import AnyModel

LAYOUT = Layout(
    fields=(
        IdField(name="user", vocabulary="user"),
        IdField(name="item", vocabulary="item"),
        SequenceField(name="history", vocabulary="item", length=3),
        NumericField(name="price"),
        NumericField(name="picture", width=2),
    ),
    vocabularies={"user": 7, "item": 9},
)
ROWS = 6


def rows() -> Batch:
    """One history is empty."""
    random = np.random.default_rng(3)
    history = random.integers(2, 9, (ROWS, 3)).astype(np.int32)
    history[np.arange(3) >= np.array([0, 1, 2, 3, 3, 1])[:, None]] = PAD
    ids = np.column_stack([random.integers(2, 7, ROWS), random.integers(2, 9, ROWS)])
    numerics = random.normal(size=(ROWS, 3)).astype(np.float32)
    return Batch(ids.astype(np.int32), numerics, {"history": history})


def nothing(batch: Batch) -> Batch:
    """The same rows of unseen ids and of zeros."""
    history = batch.sequences["history"]
    return Batch(
        np.full_like(batch.ids, UNSEEN),
        np.zeros_like(batch.numerics),
        {"history": np.where(history == PAD, PAD, np.int32(UNSEEN))},
    )


def families() -> dict[str, Any]:
    union, *_ = get_args(AnyModel)
    return {one.model_fields["type"].default: one for one in get_args(union)}


@pytest.fixture(scope="session")
def model_of() -> Callable[[str], Model]:
    """A model by the type of its family; its weights are drawn, so that no part of it is idle."""

    def made(name: str) -> Model:
        family = families()[name]
        sizes = {"dim": 4, "hidden": (8,), "tasks": ("click", "buy")}
        config = family(**{key: one for key, one in sizes.items() if key in family.model_fields})
        model = Model(config, LAYOUT, Optimizers(), seed=1)
        random = np.random.default_rng(5)
        for table in model.tables.values():
            storage = table.storage
            storage[:, : table.dim] = random.normal(scale=0.5, size=(table.rows, table.dim))
            table.restore(storage)
        weights = model.network.trainable_weights
        for weight in weights:
            if not np.any(weight.numpy()):
                weight.assign(random.normal(scale=0.3, size=weight.shape))
        return model

    return made


@pytest.fixture
def own() -> Batch:
    return rows()


@pytest.fixture
def base() -> Batch:
    return nothing(rows())
