"""A model that takes over an earlier one: rows with their state, the network, and its rule."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.batch import Batch
from features.errors import ConfigError, DataError
from features.layout import Layout
from models import checkpoint
from models.model import Model
from models.optimizers.adagrad import AdaGrad
from models.optimizers.dense.sgd import SGD
from models.optimizers.ftrl import Ftrl
from models.optimizers.groups import Adam, Optimizers
from models.optimizers.rmsprop import RMSProp
from models.step import Step
from models.train_config import TrainConfig
from models.warm_start import remember, take_over
from models.wide_deep import WideDeep

TINY = WideDeep(dim=2, hidden=(4,))


@pytest.fixture
def layout(layout_of: Callable[..., Layout]) -> Layout:
    return layout_of(rows=6)


def grown(layout: Layout, rows: int) -> Layout:
    """The first vocabulary has so many rows more."""
    sizes = {key: known + rows * (key == "v0") for key, known in layout.vocabularies.items()}
    return layout.model_copy(update={"vocabularies": sizes})


@pytest.fixture
def batches(layout: Layout, batch_of: Callable[..., Batch]) -> list[Batch]:
    return [batch_of(layout, 12, seed) for seed in range(8)]


@pytest.fixture
def earlier(eager: None, layout: Layout, batches: list[Batch]) -> Step:
    """A step of a model that learned from the first four batches."""
    step = Step(Model(TINY, layout, Optimizers(), seed=1), TrainConfig())
    for batch in batches[:4]:
        step(batch)
    return step


@pytest.fixture
def folder(earlier: Step, tmp_path: Path) -> Path:
    checkpoint.save(earlier.model, tmp_path / "saved", "abc", earlier.state)
    return tmp_path / "saved"


def test_without_news_the_logits_are_those_of_before(
    folder: Path, earlier: Step, layout: Layout, batches: list[Batch]
) -> None:
    model = Model(TINY, layout, Optimizers(), seed=2)
    assert not np.array_equal(model.logits(batches), earlier.model.logits(batches))
    take_over(model, folder)
    np.testing.assert_array_equal(model.logits(batches), earlier.model.logits(batches))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_learning_goes_on_as_if_it_had_not_stopped(
    folder: Path, earlier: Step, layout: Layout, batches: list[Batch], precision: Any
) -> None:
    """To the bit, though the vocabulary has grown: the state of rows and network was kept."""
    config = TrainConfig(precision=precision)
    model = Model(TINY, grown(layout, 3), Optimizers(), seed=2)
    state = take_over(model, folder)
    step, never_stopped = Step(model, config), Step(earlier.model, config)
    remember(step, state, folder)
    never_stopped.restore(earlier.state)
    for batch in batches[4:]:
        assert float(step(batch)) == float(never_stopped(batch))
    step.sync()
    never_stopped.sync()
    np.testing.assert_array_equal(model.logits(batches), earlier.model.logits(batches))


def test_rows_keep_their_state_and_new_ones_start_as_the_initialiser_gives_them(
    folder: Path, earlier: Step, layout: Layout
) -> None:
    """Of v0 with 6 rows and v1 with 6, grown to 8 and 6: rows 0-5 and 8-13 are the old ones."""
    model = Model(TINY, grown(layout, 2), Optimizers(), seed=2)
    fresh = {name: table.storage for name, table in model.tables.items()}
    take_over(model, folder)
    for name, table in model.tables.items():
        old = earlier.model.tables[name].storage
        assert old.shape == (12, fresh[name].shape[1])
        np.testing.assert_array_equal(table.storage[:6], old[:6])
        np.testing.assert_array_equal(table.storage[6:8], fresh[name][6:8])
        np.testing.assert_array_equal(table.storage[8:], old[6:])
        assert (old[:, table.dim :] != fresh[name][:12, table.dim :]).any()


def test_it_grows_day_after_day(
    folder: Path, earlier: Step, layout: Layout, batches: list[Batch], tmp_path: Path
) -> None:
    before = earlier.model.logits(batches)
    for day in (1, 2, 3):
        model = Model(TINY, grown(layout, day * 4), Optimizers(), seed=day)
        take_over(model, folder)
        np.testing.assert_array_equal(model.logits(batches), before)
        folder = tmp_path / f"day {day}"
        checkpoint.save(model, folder, "abc")


def test_a_checkpoint_without_a_rule_s_state_starts_it_afresh(
    earlier: Step, layout: Layout, tmp_path: Path
) -> None:
    checkpoint.save(earlier.model, tmp_path / "bare", "abc")
    model = Model(TINY, layout, Optimizers(), seed=2)
    state = take_over(model, tmp_path / "bare")
    step = Step(model, TrainConfig())
    new = step.state
    remember(step, state, tmp_path / "bare")
    assert state == []
    for one, other in zip(step.state, new, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("config", "rules", "told"),
    [
        (WideDeep(dim=3, hidden=(4,)), Optimizers(), r"differs in dim \(was 2\)"),
        (TINY, Optimizers(embeddings=RMSProp()), r"optimizers.embeddings must .*AdaGrad"),
        (TINY, Optimizers(wide=Ftrl(learning_rate=0.1)), r"optimizers.wide must .*=0.05"),
        (TINY, Optimizers(dense=SGD()), r"optimizers.dense must .*Adam"),
    ],
)
def test_another_model_or_rule_is_refused(
    folder: Path, layout: Layout, config: Any, rules: Optimizers, told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        take_over(Model(config, layout, rules), folder)


def test_other_rates_are_fine_where_state_does_not_depend_on_them(
    folder: Path, earlier: Step, layout: Layout, batches: list[Batch]
) -> None:
    rules = Optimizers(embeddings=AdaGrad(learning_rate=0.5), dense=Adam(learning_rate=0.5))
    model = Model(TINY, layout, rules, seed=2)
    take_over(model, folder)
    np.testing.assert_array_equal(model.logits(batches), earlier.model.logits(batches))


def test_other_columns_or_fewer_rows_are_refused(
    folder: Path, layout: Layout, layout_of: Callable[..., Layout]
) -> None:
    with pytest.raises(DataError, match="its fields are others"):
        take_over(Model(TINY, layout_of(3, rows=6), Optimizers()), folder)
    with pytest.raises(DataError, match="vocabularies v0 have shrunk"):
        take_over(Model(TINY, grown(layout, -1), Optimizers()), folder)
