"""Which labels a family learns, where it starts, and what it remembers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.batch import Batch
from features.errors import ConfigError, DataError
from features.layout import Layout
from models import snapshot
from models.course import Course
from models.dnn import DNN
from models.esmm import ESMM
from models.mmoe import MMoE
from models.model import Model
from models.multi_task import MultiTaskConfig
from models.network import ModelConfig
from models.optimizers.groups import Optimizers
from models.ple import PLE
from models.tasks import with_tasks
from models.trainer import Trainer

TASKS = ("click", "purchase")
SMALL: dict[str, Any] = {"dim": 2, "hidden": (4,), "tasks": TASKS}
FAMILIES = [ESMM(**SMALL), MMoE(**SMALL), PLE(**SMALL)]


@pytest.mark.parametrize("family", [MMoE(), PLE(), ESMM()], ids=lambda one: one.type)
def test_the_tasks_are_the_labels_of_the_data(family: MultiTaskConfig) -> None:
    found = with_tasks(family, "click", ["purchase"])
    assert isinstance(found, MultiTaskConfig)
    assert found.tasks == TASKS
    assert with_tasks(found, "click", ["purchase"]) == found
    assert with_tasks(DNN(), "click", []) == DNN()


@pytest.mark.parametrize(
    ("family", "further", "message"),
    [
        (DNN(), ["a"], "of type esmm, mmoe, ple; .model. is of another type and learns 'click'"),
        (MMoE(), [], "type mmoe learns several labels; .data. declares 'click' alone"),
        (ESMM(), ["a", "b"], "type esmm learns 2 labels; .data. declares click, a, b"),
        (PLE(tasks=("click", "b")), ["a"], "must be the labels of .data., click, a; .*click, b"),
        (PLE(task_weights=(1.0, 2.0, 3.0)), ["a"], "one number for each of click, a; it has 3"),
    ],
)
def test_what_does_not_fit_the_family_is_refused(
    family: ModelConfig, further: list[str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        with_tasks(family, "click", further)


@pytest.mark.parametrize("family", [MMoE(), PLE(tasks=("a",)), ESMM(tasks=("a", "b", "c"))])
def test_a_network_needs_its_tasks(family: ModelConfig, layout_of: Callable[..., Layout]) -> None:
    with pytest.raises(ConfigError, match="must name at least 2, and at most as many"):
        Model(family, layout_of(), Optimizers())


@pytest.mark.parametrize("config", FAMILIES, ids=lambda one: one.type)
def test_each_task_starts_at_its_own_rate(
    config: ModelConfig, layout_of: Callable[..., Layout], batch_of: Callable[..., Batch]
) -> None:
    layout = layout_of(2, 1, 0)
    model = Model(config, layout, Optimizers(), prior=(0.2, 0.01))
    found = model.task_logits([batch_of(layout, 20)])
    assert found.shape == (20, 2)
    assert np.abs(found - np.log([0.2 / 0.8, 0.01 / 0.99])).max() < 0.2
    np.testing.assert_array_equal(model.logits([batch_of(layout, 20)]), found[:, 0])


def test_a_conversion_is_never_likelier_than_its_click(
    layout_of: Callable[..., Layout], batch_of: Callable[..., Batch], fast: Optimizers
) -> None:
    layout, model = layout_of(), Model(FAMILIES[0], layout_of(), fast)
    trainer = Trainer(model)
    for seed in range(5):
        trainer.step(batch_of(layout, 50, seed))
    found = model.task_logits([batch_of(layout, 200, 9)])
    assert (found[:, 1] <= found[:, 0]).all()
    assert found.std(0).min() > 0.01


def test_training_needs_the_labels_of_all_tasks(
    layout_of: Callable[..., Layout], batch_of: Callable[..., Batch]
) -> None:
    batch = batch_of(layout_of(), 4)
    trainer = Trainer(Model(FAMILIES[1], layout_of(), Optimizers()))
    for tasks in (None, np.zeros((4, 2), np.float32)):
        with pytest.raises(DataError, match="needs labels of click, purchase"):
            trainer.step(replace(batch, tasks=tasks))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_uncertainty_learned_is_resumed(
    layout_of: Callable[..., Layout],
    batch_of: Callable[..., Batch],
    fast: Optimizers,
    tmp_path: Path,
    precision: str,
) -> None:
    config = MMoE(**SMALL, experts=2, towers=(), task_weights="uncertainty")
    found: list[tuple[Any, Any]] = []
    layout, batches = layout_of(), [batch_of(layout_of(), 30, seed) for seed in range(6)]
    batches[1] = replace(batches[1], tasks=np.full((30, 1), np.nan, np.float32))

    def make() -> Trainer:
        settings = Trainer(Model(config, layout, fast)).config
        settings = settings.model_copy(update={"precision": precision})
        return Trainer(Model(config, layout, fast), settings)

    begun, resumed = make(), make()
    for batch in batches[:3]:
        begun.step(batch)
    begun.step.sync()
    snapshot.save(begun, Course(), tmp_path / "begun", "abc")
    snapshot.load(resumed, tmp_path / "begun")
    resumed.step.sync()
    (learned,) = resumed.model.network.weighing.get_weights()
    assert learned.shape == (2,)
    assert (np.abs(learned) > 0.01).all()
    for trainer in (begun, resumed):
        before = trainer.model.network.get_weights() + trainer.step.state
        for batch in batches[3:]:
            trainer.step(batch)
        trainer.step.sync()
        found.append((before, trainer.model.network.get_weights()))
    for one, other in zip(found[0][0], found[1][0], strict=True):
        np.testing.assert_array_equal(one, other)
    # Two trainers of one process may differ in the last bits of a step.
    for one, other in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
