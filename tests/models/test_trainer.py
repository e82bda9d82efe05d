"""The training loop: what a step learns, what it costs, and when training ends."""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from features.batch import Batch
from features.errors import DataError
from features.layout import Layout
from features.ragged import PAD
from models.course import Course
from models.model import Model
from models.optimizers.ftrl import Ftrl
from models.optimizers.groups import Adam, Optimizers
from models.train_config import TrainConfig
from models.trainer import Progress, Trainer
from models.wide_deep import WideDeep

TINY = WideDeep(dim=2, hidden=(4,))


def nothing(_: Progress) -> None: ...


@pytest.fixture
def layout(layout_of: Callable[..., Layout]) -> Layout:
    return layout_of(rows=6)


@pytest.fixture
def batch(layout: Layout, batch_of: Callable[..., Batch]) -> Batch:
    return batch_of(layout, 12, seed=4)


@pytest.fixture
def model(eager: None, layout: Layout) -> Model:
    return Model(TINY, layout, Optimizers(), seed=1)


def state(model: Model) -> list[Any]:
    tables = [table.storage for table in model.tables.values()]
    return [*tables, *model.network.get_weights()]


def test_untouched_rows_never_change(
    layout_of: Callable[..., Layout], batch_of: Callable[..., Batch]
) -> None:
    """Over many steps, every row of every table that no batch names stays as it was."""
    layout = layout_of(rows=40)
    model = Model(TINY, layout, Optimizers())
    trainer = Trainer(model)
    for seed in range(15):
        batch = batch_of(layout, 5, seed)
        before = {name: table.storage for name, table in model.tables.items()}
        trainer.step(batch)
        elements = batch.sequences["s0"]
        named = np.unique([*batch.ids[:, 0], *elements[elements != PAD], *batch.ids[:, 1] + 40])
        for name, table in model.tables.items():
            same = (table.storage == before[name]).all(axis=1)
            assert np.delete(same, named).all()
            assert not same[named].all()


def test_duplicates_are_summed_before_the_update(
    eager: None, layout_of: Callable[..., Layout], scalar_ftrl: Any
) -> None:
    """Three rows of one id at p = 0.5: one FTRL step by (-0.5 - 0.5 + 0.5) / 3, not three."""
    layout = layout_of(1, 0, 0)
    rule = Ftrl(learning_rate=0.1, beta=0.5)
    frozen = Optimizers(wide=rule, dense=Adam(learning_rate=1e-30))
    model = Model(WideDeep(dim=1, hidden=()), layout, frozen)
    model.network.set_weights([np.zeros_like(one) for one in model.network.get_weights()])
    batch = Batch(
        ids=np.full((3, 1), 5, np.int32),
        numerics=np.empty((3, 0), np.float32),
        label=np.array([1, 1, 0], np.float32),
    )
    Trainer(model).step(batch)
    reference = scalar_ftrl(0.1, 0.5, 0.0, 0.0)
    reference.learn(-0.5 / 3)
    assert model.tables["wide"].weights[5, 0] == pytest.approx(reference.weight, rel=1e-5)
    assert np.count_nonzero(model.tables["wide"].weights) == 1


def test_weights_act_as_repeated_rows(eager: None, layout: Layout, batch: Batch) -> None:
    counts = np.random.default_rng(0).integers(0, 4, batch.rows)
    weighted = replace(batch, weight=counts.astype(np.float32))
    repeated = batch.take(np.repeat(np.arange(batch.rows), counts))
    trained, losses = [], []
    for data in (weighted, repeated):
        model = Model(TINY, layout, Optimizers(), seed=1)
        trainer = Trainer(model)
        losses.append([float(trainer.step(data)) for _ in range(5)])
        trained.append(state(model))
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
    for one, other in zip(*trained, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_an_offset_shifts_the_logits_that_are_learned(
    eager: None, layout: Layout, batch: Batch
) -> None:
    """Started a whole offset lower, a model stays that much lower and is else the same."""
    odds = math.exp(-1.5)
    high, low = (
        Model(TINY, layout, Optimizers(), seed=1, prior=prior) for prior in (0.5, odds / (1 + odds))
    )
    plain, shifted = Trainer(high), Trainer(low, offset=1.5)
    for _ in range(4):
        assert float(shifted.step(batch)) == pytest.approx(float(plain.step(batch)), abs=1e-6)
    assert low.logits([batch]) == pytest.approx(high.logits([batch]) - 1.5, abs=1e-5)


def test_the_loss_of_an_epoch_is_a_mean_over_weights(model: Model, batch: Batch) -> None:
    """Of one row at 10 and three rows at 1, in two batches: the first counts 10 / 13."""
    weight = np.array([10, 1, 1, 1], np.float32)
    data = replace(batch.take(slice(0, 4)), weight=weight)
    seen: list[Progress] = []
    mean = Trainer(model).epoch(
        [data.take(slice(0, 1)), data.take(slice(1, 4))], Course(), seen.append
    )
    assert [(one.epoch, one.rows) for one in seen] == [(1, 1), (1, 4)]
    assert mean == pytest.approx((10 * seen[0].loss + 3 * seen[1].loss) / 13, rel=1e-6)


def test_a_batch_without_weight_teaches_nothing(model: Model, batch: Batch) -> None:
    before = state(model)
    loss = Trainer(model).step(replace(batch, weight=np.zeros(batch.rows, np.float32)))
    assert float(loss) == 0.0
    for one, other in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("rows", [0, 12])
def test_no_rows_to_learn_from_are_refused(model: Model, batch: Batch, rows: int) -> None:
    data = replace(batch, weight=np.zeros(batch.rows, np.float32)).take(slice(0, rows))
    with pytest.raises(DataError, match="rows of a weight above 0"):
        Trainer(model).epoch([data] if rows else [], Course(), nothing)


def test_unlabelled_rows_are_refused(model: Model, batch: Batch) -> None:
    with pytest.raises(DataError, match="has no label"):
        Trainer(model).step(replace(batch, label=None))


def test_varying_batch_sizes_do_not_retrace(layout: Layout, batch: Batch) -> None:
    """One trace serves every size."""
    model = Model(TINY, layout, Optimizers())
    trainer = Trainer(model)
    for size in (5, 5, 3, 1, 12, 2, 1):
        trainer.step(batch.take(slice(0, size)))
        model.logits([batch.take(slice(0, size))])
    for one in (trainer.step.passes, trainer.step.apply):
        assert one.experimental_get_tracing_count() == 1
    assert model._logits.experimental_get_tracing_count() == 1


def memory(key: str) -> int:
    """Bytes of this process: VmRSS now, or VmHWM at most since the last reset."""
    found = re.search(rf"{key}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def reset_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pytest.skip("needs Linux's /proc/self/clear_refs to watch the peak of memory")


def test_a_step_allocates_by_what_it_touches(
    layout_of: Callable[..., Layout], batch_of: Callable[..., Batch]
) -> None:
    """A dense gradient of these two million rows would be 64 MB, a copy of the table 128 MB.

    From before the first step, since what that one allocates may stay allocated.
    """
    layout = layout_of(1, 1, 1, rows=2_000_000)
    model = Model(WideDeep(dim=8, hidden=(4,)), layout, Optimizers())
    trainer = Trainer(model)
    batches = [batch_of(layout, 500, seed) for seed in range(6)]
    reset_peak()
    before = memory("VmRSS")
    for batch in batches:
        trainer.step(batch)
        model.logits([batch])
    assert memory("VmHWM") - before < 40e6


def run(
    model: Model, batch: Batch, config: TrainConfig, losses: list[float]
) -> tuple[list[dict[str, float]], list[int], list[Progress], list[int]]:
    """`fit` with a validation that says `losses`: history, kept epochs, reports, epochs read."""
    read: list[int] = []
    kept: list[int] = []
    reports: list[Progress] = []

    def batches(epoch: int, skip: int) -> list[Batch]:
        assert skip == 0
        read.append(epoch)
        return [batch]

    history = Trainer(model, config).fit(
        batches=batches,
        validate=lambda _: {"LogLoss": losses[len(read) - 1]},
        better=lambda new, old: new["LogLoss"] < old["LogLoss"],
        keep=lambda _: kept.append(read[-1]),
        report=reports.append,
    )
    return history, kept, reports, read


@pytest.mark.parametrize(
    ("patience", "losses", "epochs", "kept"),
    [
        (1, [0.5, 0.4, 0.45, 0.1], 3, [1, 2]),  # stops before it could know of 0.1
        (2, [0.5, 0.6, 0.4, 0.41, 0.4, 0.1], 5, [1, 3]),  # an equal loss is not better
        (2, [0.5, 0.6, 0.4, 0.5, 0.3, 0.4], 6, [1, 3, 5]),  # the epochs run out
        (9, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6], 6, [1]),
    ],
)
def test_the_best_epoch_is_kept(
    model: Model, batch: Batch, patience: int, losses: list[float], epochs: int, kept: list[int]
) -> None:
    config = TrainConfig(epochs=6, patience=patience)
    history, found, _, read = run(model, batch, config, losses)
    assert found == kept
    assert read == list(range(1, epochs + 1))
    assert [row["LogLoss"] for row in history] == losses[:epochs]


def test_what_is_kept_is_the_model_of_that_epoch(eager: None, layout: Layout, batch: Batch) -> None:
    """Kept at epoch 2 of 4, it predicts as one that was trained for 2 epochs."""
    model, short = (Model(TINY, layout, Optimizers(), seed=1) for _ in range(2))
    kept = []
    scores = iter([3.0, 1.0, 2.0, 2.0])
    Trainer(model, TrainConfig(epochs=4, patience=2)).fit(
        batches=lambda *_: [batch],
        validate=lambda _: {"LogLoss": next(scores)},
        better=lambda new, old: new["LogLoss"] < old["LogLoss"],
        keep=lambda best: kept.append(best.predict([batch])),
        report=nothing,
    )
    trainer = Trainer(short)
    for _ in range(2):
        trainer.step(batch)
    np.testing.assert_array_equal(kept[-1], short.predict([batch]))
    assert not np.array_equal(kept[-1], model.predict([batch]))


def test_history_and_reports(model: Model, batch: Batch) -> None:
    history, _, reports, _ = run(model, batch, TrainConfig(epochs=2, patience=5), [0.5, 0.6])
    assert [sorted(row) for row in history] == 2 * [["LogLoss", "epoch", "train_loss"]]
    assert [row["epoch"] for row in history] == [1, 2]
    assert history[1]["train_loss"] < history[0]["train_loss"]
    steps, ends = reports[::2], reports[1::2]
    assert [(one.epoch, one.rows, one.metrics) for one in steps] == [(1, 12, {}), (2, 12, {})]
    assert [one.loss for one in steps] == [row["train_loss"] for row in history]
    assert [one.metrics for one in ends] == [{"LogLoss": 0.5}, {"LogLoss": 0.6}]


@pytest.mark.parametrize("bad", [{"epochs": 0}, {"patience": 0}, {"seed": -1}, {"epoch": 1}])
def test_options_out_of_range_are_refused(bad: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        TrainConfig.model_validate(bad)
