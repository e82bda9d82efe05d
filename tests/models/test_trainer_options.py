"""What a configuration adds to a step: losses, penalties, bounds, schedules."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from features.batch import Batch
from features.errors import DataError
from features.layout import Layout
from models.course import Course
from models.dcn_v2 import DCNv2
from models.keras import tf
from models.losses.focal import Focal
from models.model import Model
from models.optimizers.clipping import Clip
from models.optimizers.dense import sgd
from models.optimizers.groups import Optimizers
from models.optimizers.lazy_adam import LazyAdam
from models.optimizers.plateau import Plateau
from models.optimizers.schedule import Schedule
from models.optimizers.sgd import SGD
from models.regularization import L2
from models.train_config import TrainConfig
from models.trainer import Trainer
from models.wide_deep import WideDeep

TINY = WideDeep(dim=2, hidden=(4,), stddev=0.5)
# What a step takes off a weight is its gradient.
PLAIN = Optimizers(
    embeddings=SGD(learning_rate=1.0),
    wide=SGD(learning_rate=1.0),
    dense=sgd.SGD(learning_rate=1.0),
)
Weights = list[Any]


@pytest.fixture
def layout(layout_of: Callable[..., Layout]) -> Layout:
    return layout_of(rows=6)


@pytest.fixture
def batch(layout: Layout, batch_of: Callable[..., Batch]) -> Batch:
    return batch_of(layout, 12, seed=4)


def weights(model: Model) -> Weights:
    return [*(table.weights for table in model.tables.values()), *model.network.get_weights()]


def moved(layout: Layout, batch: Batch, config: TrainConfig, rate: float = 1.0) -> Weights:
    """What one step takes off each weight."""
    model = Model(TINY, layout, PLAIN, seed=1)
    before = weights(model)
    Trainer(model, config).step(batch, rate)
    return [one - other for one, other in zip(before, weights(model), strict=True)]


def start(layout: Layout) -> Weights:
    return weights(Model(TINY, layout, PLAIN, seed=1))


@pytest.mark.usefixtures("eager")
def test_a_penalty_on_whole_tables_pulls_every_row(layout: Layout, batch: Batch) -> None:
    plain = moved(layout, batch, TrainConfig())
    found = moved(layout, batch, TrainConfig(l2=L2(embeddings=0.3, wide=0.1, whole_tables=True)))
    embedding, wide, *dense = start(layout)
    np.testing.assert_allclose(found[0] - plain[0], 0.3 * embedding, atol=1e-6)
    np.testing.assert_allclose(found[1] - plain[1], 0.1 * wide, atol=1e-6)
    for one, other in zip(found[2:], plain[2:], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    assert len(dense) == len(found) - 2


@pytest.mark.usefixtures("eager")
def test_a_lazy_penalty_pulls_rows_by_how_often_they_are_used(layout: Layout, batch: Batch) -> None:
    plain = moved(layout, batch, TrainConfig())
    found = moved(layout, batch, TrainConfig(l2=L2(embeddings=0.3)))
    uses = np.zeros(12)
    np.add.at(uses, batch.ids + np.array([0, 6]), 1)
    elements = batch.sequences["s0"]
    np.add.at(uses, elements[elements >= 0], 1)
    expected = 0.3 * uses[:, None] / 12 * start(layout)[0]
    np.testing.assert_allclose(found[0] - plain[0], expected, atol=1e-6)


@pytest.mark.usefixtures("eager")
def test_a_penalty_on_the_network_is_of_its_kernels(layout: Layout, batch: Batch) -> None:
    plain = moved(layout, batch, TrainConfig())
    found = moved(layout, batch, TrainConfig(l2=L2(dense=0.2)))
    for one, other, weight in zip(found, plain, start(layout), strict=True):
        kernel = weight.ndim == 2 and weight.shape[0] != 12  # neither a bias nor a table
        np.testing.assert_allclose(one - other, 0.2 * weight * kernel, atol=1e-6)


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("whole", [False, True])
def test_all_gradients_together_are_clipped(layout: Layout, batch: Batch, whole: bool) -> None:
    l2 = L2(embeddings=5.0, whole_tables=whole)
    plain = moved(layout, batch, TrainConfig(l2=l2))
    length = np.sqrt(sum((one**2).sum() for one in plain))
    assert length > 0.1
    found = moved(layout, batch, TrainConfig(l2=l2, clip=Clip(norm=0.1)))
    for one, other in zip(found, plain, strict=True):
        np.testing.assert_allclose(one, other * 0.1 / length, rtol=1e-3, atol=1e-6)


@pytest.mark.usefixtures("eager")
def test_whole_tables_make_lazy_adam_adam(layout: Layout, batch_of: Any) -> None:
    """Against Kingma & Ba's algorithm over the table as one array, rows that rest among them."""
    rules = PLAIN.model_copy(update={"embeddings": LazyAdam(learning_rate=0.1)})
    model, probe = (Model(TINY, layout, rules, seed=1) for _ in range(2))
    trainer = Trainer(model, TrainConfig(l2=L2(embeddings=0.05, whole_tables=True)))
    expected = model.tables["embedding"].weights.astype(np.float64)
    first, second = np.zeros_like(expected), np.zeros_like(expected)
    for step in range(1, 5):
        batch = batch_of(layout, 2, seed=step)
        gradient = of_table(probe, model, batch) + 0.05 * expected
        trainer.step(batch)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        size = np.sqrt(second / (1 - 0.999**step)) + 1e-7
        expected -= 0.1 * first / (1 - 0.9**step) / size
        found = model.tables["embedding"].weights
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def of_table(probe: Model, model: Model, batch: Batch) -> Any:
    """The gradient of the embeddings where `model` stands, by a plain step of another."""
    plain = Model(TINY, probe.layout, PLAIN, seed=1)
    for name, table in plain.tables.items():
        held = np.zeros_like(table.storage)
        held[:, : table.dim] = model.tables[name].weights
        table.restore(held)
    plain.network.set_weights(model.network.get_weights())
    before = plain.tables["embedding"].weights
    Trainer(plain).step(batch)
    return (before - plain.tables["embedding"].weights).astype(np.float64)


@pytest.mark.usefixtures("eager")
def test_the_rate_is_of_every_group(layout: Layout, batch: Batch) -> None:
    plain, half = moved(layout, batch, TrainConfig()), moved(layout, batch, TrainConfig(), 0.5)
    for one, other in zip(half, plain, strict=True):
        np.testing.assert_allclose(one, 0.5 * other, rtol=1e-4, atol=1e-6)


@pytest.mark.usefixtures("eager")
def test_a_schedule_counts_the_steps_of_all_epochs(layout: Layout, batch: Batch) -> None:
    """From 0 over 4 steps, for a batch twice the one that the rates are for."""
    schedule = Schedule(warmup=4, warmup_start=0.0, base_batch_size=6)
    config = TrainConfig(batch_size=12, schedule=schedule)
    model = Model(TINY, layout, PLAIN, seed=1)
    trainer, course, before = Trainer(model, config), Course(), weights(model)
    trainer.epoch([batch], course, lambda _: None)
    for one, other in zip(before, weights(model), strict=True):
        np.testing.assert_array_equal(one, other)
    course.turn()
    assert trainer._rate(course) == pytest.approx(2 * 1 / 4)
    trainer.epoch([batch, batch], course, lambda _: None)
    assert trainer._rate(course) == pytest.approx(2 * 3 / 4)


@pytest.mark.usefixtures("eager")
def test_a_plateau_lowers_the_rates_of_the_epochs_after(layout: Layout, batch: Batch) -> None:
    config = TrainConfig(epochs=4, patience=9, plateau=Plateau(factor=0.1))
    trainer = Trainer(Model(TINY, layout, PLAIN, seed=1), config)
    rates: list[float] = []
    losses = iter([0.5, 0.6, 0.4, 0.7])
    course = Course()
    trainer.fit(
        batches=lambda *_: [batch],
        validate=lambda _: {"LogLoss": next(losses)},
        better=lambda new, old: new["LogLoss"] < old["LogLoss"],
        keep=lambda _: None,
        report=lambda _: None,
        save=lambda one: rates.append(trainer._rate(one)),
        course=course,
    )
    assert rates == pytest.approx([1, 0.1, 0.1, 0.01])


@pytest.mark.usefixtures("eager")
def test_the_loss_is_the_one_declared(layout: Layout, batch: Batch) -> None:
    model = Model(TINY, layout, PLAIN, seed=1)
    logits, label = tf.constant(model.logits([batch])), tf.constant(batch.label)
    expected = Focal(gamma=3.0)(logits, label, tf.ones(12))
    config = TrainConfig.model_validate({"loss": {"type": "focal", "gamma": 3.0}})
    assert float(Trainer(model, config).step(batch)) == pytest.approx(float(expected), rel=1e-5)
    smooth = TrainConfig.model_validate({"loss": {"label_smoothing": 0.1}})
    assert smooth.loss.type == "bce"


WITHIN: list[dict[str, Any]] = [
    {"type": "bpr"},
    {"type": "softmax"},
    {"type": "approx_ndcg"},
    {"type": "combined", "losses": [{"type": "bce"}, {"type": "softmax", "weight": 0.5}]},
]


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("loss", WITHIN, ids=lambda one: one["type"])
def test_a_loss_within_queries_is_given_them(
    layout: Layout, batch: Batch, loss: dict[str, Any]
) -> None:
    config = TrainConfig.model_validate({"loss": loss})
    query = np.repeat([3, 1, 2], [5, 3, 4]).astype(np.int32)
    model = Model(TINY, layout, PLAIN, seed=1)
    logits, label = tf.constant(model.logits([batch])), tf.constant(batch.label)
    expected = float(config.loss(logits, label, tf.ones(12), tf.constant(query)))
    assert expected > 0.01
    found = Trainer(model, config).step(replace(batch, query=query))
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_batches_of_any_size_by_query_are_one_trace(layout: Layout, batch_of: Any) -> None:
    """Whole batches and single rows; those with nothing to compare change no table."""
    config = TrainConfig.model_validate({"loss": {"type": "approx_ndcg"}})
    model = Model(TINY, layout, PLAIN, seed=1)
    trainer = Trainer(model, config)
    for rows in (12, 5, 1):
        before = model.tables["embedding"].weights
        query = np.zeros(rows, np.int32)
        loss = float(trainer.step(replace(batch_of(layout, rows, seed=rows), query=query)))
        same = np.array_equal(before, model.tables["embedding"].weights)
        assert (loss == 0) == same == (rows == 1)
    assert trainer.step.passes.experimental_get_tracing_count() == 1


def test_a_loss_within_queries_needs_them_and_others_take_no_notice(
    layout: Layout, batch: Batch
) -> None:
    config = TrainConfig.model_validate({"loss": {"type": "softmax"}})
    with pytest.raises(DataError, match="'softmax' compares rows of one query.*has none"):
        Trainer(Model(TINY, layout, PLAIN), config).step(batch)
    found = [
        moved(layout, some, TrainConfig())
        for some in (batch, replace(batch, query=batch.ids[:, 0]))
    ]
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


def test_rounding_takes_gradients_at_int8_and_updates_full_weights(
    layout: Layout, batch: Batch
) -> None:
    """A step at weights that are rounded already moves them by the same."""
    full, rounded = (Model(TINY, layout, PLAIN, seed=1) for _ in range(2))
    for table in rounded.tables.values():
        rows = table.weights
        scale = np.abs(rows).max(1, keepdims=True) / 127
        table.restore(np.where(scale > 0, np.rint(rows / np.where(scale, scale, 1)) * scale, rows))
    kernels = []
    for one in rounded.network.get_weights():
        scale = np.abs(one).max(0) / 127 if one.ndim == 2 else 0
        kernels.append(np.rint(one / scale) * scale if np.all(scale) else one)
    rounded.network.set_weights(kernels)
    starts = [weights(one) for one in (full, rounded)]
    assert not np.allclose(starts[0][0], starts[1][0], atol=1e-4)  # rounding does something
    Trainer(full, TrainConfig()).step(batch, rounded=True)
    Trainer(rounded, TrainConfig()).step(batch)
    moves = [
        [one - other for one, other in zip(start, weights(model), strict=True)]
        for start, model in zip(starts, (full, rounded), strict=True)
    ]
    for one, other in zip(*moves, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_rounding_begins_with_its_epoch(layout: Layout, batch: Batch) -> None:
    config = TrainConfig.model_validate({"quantization": {"from_epoch": 2}})
    found = {}
    for name, steps in {"trainer": None, "full": False, "rounded": True}.items():
        model = Model(TINY, layout, PLAIN, seed=1)
        trainer, course = Trainer(model, config), Course()
        if steps is None:
            for _ in range(2):
                trainer.epoch([batch], course, lambda _: None)
                course.turn()
        else:
            trainer.step(batch)
            trainer.step(batch, rounded=steps)
        found[name] = model.predict([batch])
    np.testing.assert_array_equal(found["trainer"], found["rounded"])
    assert not np.array_equal(found["trainer"], found["full"])


def test_bfloat16_learns_what_float32_learns(coaction: Any, fast: Optimizers) -> None:
    """In other last digits; what it leaves in the model is float32."""
    found = []
    for precision in ("float32", "bfloat16"):
        config = TrainConfig.model_validate({"precision": precision})
        model = Model(DCNv2(dim=8, cross_layers=2, hidden=(48,)), coaction.layout, fast)
        trainer, course = Trainer(model, config), Course()
        for _ in range(12):
            starts = range(0, coaction.train.rows, 800)
            batches = [coaction.train.take(slice(at, at + 800)) for at in starts]
            trainer.epoch(batches, course, lambda _: None)
            course.turn()
        assert {str(one.dtype) for one in model.network.get_weights()} == {"float32"}
        found.append(model.predict([coaction.held]))
    label = coaction.held.label
    scores = [roc_auc_score(label, one) for one in found]
    assert min(scores) > 0.9
    assert not np.array_equal(*found)
