"""What stops a training: where it says it was, whom it names, and what it leaves behind."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.batch import Batch
from features.errors import DataError
from features.layout import Layout
from models import evidence
from models.course import Course
from models.model import Model
from models.network import Activation
from models.optimizers.dense import sgd
from models.optimizers.groups import Optimizers
from models.optimizers.sgd import SGD
from models.suspects import deviations
from models.train_config import TrainConfig
from models.trainer import Progress, Trainer
from models.wide_deep import WideDeep

TINY = WideDeep(dim=2, hidden=(4,))
LOST = Optimizers(
    embeddings=SGD(learning_rate=1e12),
    wide=SGD(learning_rate=1e12),
    dense=sgd.SGD(learning_rate=1e12),
)


def nothing(_: Progress) -> None: ...


@pytest.fixture
def layout(layout_of: Callable[..., Layout]) -> Layout:
    return layout_of(rows=6, numerics=2)


@pytest.fixture
def batch(layout: Layout, batch_of: Callable[..., Batch]) -> Batch:
    return batch_of(layout, 12, seed=4)


@pytest.fixture
def model(eager: None, layout: Layout) -> Model:
    return Model(TINY, layout, Optimizers(), seed=1)


def spoilt(batch: Batch, row: int, column: int, value: float) -> Batch:
    numerics = batch.numerics.copy()
    numerics[row, column] = value
    return replace(batch, numerics=numerics)


def state(model: Model) -> list[Any]:
    tables = [table.storage for table in model.tables.values()]
    return [*tables, *model.network.get_weights()]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_numeric_that_is_no_number_is_named(
    eager: None, layout: Layout, batch: Batch, bad: float, activation: Activation
) -> None:
    """Also where ReLU would hide it from the loss: its maximum of NaN and 0 is 0."""
    model = Model(WideDeep(dim=2, hidden=(4,), activation=activation), layout, Optimizers())
    said = rf"batch 2 \(after 12 rows\) of epoch 3 .*: numeric 'n1' is {bad:g} in row 7\. Mend"
    with pytest.raises(DataError, match=said):
        Trainer(model).epoch([batch, spoilt(batch, 7, 1, bad)], Course(epoch=3), nothing)


def test_a_label_that_is_no_number_is_named(model: Model, batch: Batch) -> None:
    assert batch.label is not None
    broken = replace(batch, label=np.full_like(batch.label, np.nan))
    said = r"became nan in batch 2 \(after 12 rows\) of epoch 3\. Not finite: label is nan in row 0"
    with pytest.raises(DataError, match=said):
        Trainer(model).epoch([batch, broken], Course(epoch=3), nothing)


def test_a_loss_beyond_the_limit_names_the_extreme_numeric(model: Model, batch: Batch) -> None:
    said = r"at most 10 .*All that .* is finite; most extreme: numeric 'n0' is 1e\+09 in row 5"
    with pytest.raises(DataError, match=said):
        Trainer(model, TrainConfig(max_loss=10)).epoch(
            [spoilt(batch, 5, 0, 1e9)], Course(), nothing
        )


@pytest.mark.parametrize("graph", [False, True])
def test_nothing_is_learned_from_what_stops_the_training(
    layout: Layout, batch: Batch, graph: bool, request: pytest.FixtureRequest
) -> None:
    if not graph:
        request.getfixturevalue("eager")
    assert batch.label is not None
    model = Model(TINY, layout, Optimizers(), seed=1)
    trainer = Trainer(model, TrainConfig(max_loss=10))
    trainer.step(batch)
    before = [*state(model), *trainer.step.state]
    lost = replace(batch, label=np.full_like(batch.label, np.nan))
    for broken in (lost, spoilt(batch, 5, 0, 1e9)):
        assert not abs(float(trainer.step(broken))) <= 10
        for one, other in zip(before, [*state(model), *trainer.step.state], strict=True):
            np.testing.assert_array_equal(one, other)


def test_rows_that_are_no_numbers_are_named_by_field(model: Model, batch: Batch) -> None:
    """Of the shared table, rows of i1's vocabulary start at 6; only the batch's are looked at."""
    table = model.tables["embedding"]
    storage = table.storage.copy()
    used = np.unique(batch.ids[:, 1])
    storage[6 + used[1], 0] = np.nan
    table.restore(storage)
    said = rf"Not finite: 1 of the {len(used)} rows that id 'i1' reads of table 'embedding'\. Lower"
    with pytest.raises(DataError, match=said):
        Trainer(model).epoch([batch], Course(), nothing)


def test_a_layer_that_is_no_number_is_named(model: Model, batch: Batch) -> None:
    variable = model.network.trainable_variables[0]
    variable.assign(variable * np.nan)
    with pytest.raises(DataError, match=rf"Not finite: layer weight '{variable.name}'\. Lower"):
        Trainer(model).epoch([batch], Course(), nothing)


@pytest.mark.parametrize("row", [0, 3, 11])
def test_the_end_of_an_epoch_looks_at_every_row_of_every_table(
    model: Model, batch: Batch, row: int
) -> None:
    """Rows 0 to 5 are v0's, 6 to 11 v1's; what no batch reads has not spoiled a loss."""
    ids = np.where(batch.ids == row % 6, (row + 1) % 6, batch.ids).astype(np.int32)
    elements = {name: np.full_like(one, -1) for name, one in batch.sequences.items()}
    table = model.tables["wide"]
    storage = table.storage.copy()
    storage[row, -1] = np.inf
    table.restore(storage)
    said = rf"after epoch 2 .*: row {row % 6} of vocabulary 'v{row // 6}' in table 'wide'\."
    with pytest.raises(DataError, match=said):
        Trainer(model).epoch(
            [replace(batch, ids=ids, sequences=elements)], Course(epoch=2), nothing
        )


def test_rates_that_are_too_high_end_training(eager: None, layout: Layout, batch: Batch) -> None:
    model = Model(TINY, layout, LOST, seed=1)
    with pytest.raises(DataError, match=r"the largest .* Lower the learning rates"):
        Trainer(model).epoch([batch] * 20, Course(), nothing)


def test_the_batch_that_stopped_it_is_saved(model: Model, batch: Batch, tmp_path: Path) -> None:
    broken = replace(spoilt(batch, 7, 1, np.nan), weight=np.arange(12, dtype=np.float32))
    trainer = Trainer(model, folder=tmp_path)
    with pytest.raises(DataError, match=str(tmp_path / evidence.FILE)):
        trainer.epoch([broken], Course(), nothing)
    with np.load(tmp_path / evidence.FILE, allow_pickle=False) as saved:
        found = dict(saved)
    assert sorted(found) == [
        "id.i0", "id.i1", "label", "numeric.n0", "numeric.n1", "sequence.s0", "tasks", "weight",
    ]  # fmt: skip
    np.testing.assert_array_equal(found["id.i1"], broken.ids[:, 1])
    np.testing.assert_array_equal(found["sequence.s0"], broken.sequences["s0"])
    np.testing.assert_array_equal(found["numeric.n1"], broken.numerics[:, 1])
    np.testing.assert_array_equal(found["label"], broken.label)
    np.testing.assert_array_equal(found["weight"], broken.weight)


def test_deviations_by_hand() -> None:
    """Of 10, 14, 12, 50 the others of 50 have mean 12 and variance 8/3; a flag counts from 1."""
    values = np.array([[10, 0], [14, 0], [12, 1], [50, 0]], np.float32)
    found = deviations(values)
    assert found[3, 0] == pytest.approx(38 / np.sqrt(8 / 3))
    assert found[2, 1] == pytest.approx(1)
    for i, j in np.ndindex(values.shape):
        others = np.delete(values[:, j].astype(float), i)
        expected = abs(values[i, j] - others.mean()) / max(others.std(), 1)
        assert found[i, j] == pytest.approx(expected)


def test_a_lone_row_deviates_from_zero() -> None:
    assert deviations(np.array([[-3.0]], np.float32))[0, 0] == 3
