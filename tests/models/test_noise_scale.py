"""The gradient noise scale, where the covariance of the gradients is known."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from features.batch import Batch
from features.layout import Layout
from features.sigmoid import sigmoid
from models.course import Course
from models.dnn import DNN
from models.lr import LR
from models.model import Model
from models.noise import Measured, NoiseState, estimate
from models.noise_scale import PARTS, NoiseScale
from models.optimizers.groups import Optimizers
from models.step import Step
from models.train_config import TrainConfig
from models.trainer import Trainer


def test_by_hand() -> None:
    """E|G_b|^2 = |G|^2 + tr(Sigma) / b: with |G|^2 = 3 and tr(Sigma) = 40, 8 at 8 and 4 at 40."""
    found = estimate(small=8.0, big=4.0, rows=8, rows_of_all=40)
    assert found == pytest.approx((3, 40))


def test_the_estimates_have_no_bias() -> None:
    """Over many batches of gradients from a normal distribution of known mean and covariance."""
    rng = np.random.default_rng(0)
    mean, spread = np.array([1.0, -2.0, 0.5]), np.array([3.0, 1.0, 2.0])
    rows, parts, state = 4, 8, []
    for _ in range(4000):
        small = mean + (rng.normal(size=(parts, rows, 3)) * spread).mean(1)
        big = small.mean(0)
        state.append(estimate((small**2).sum(1).mean(), (big**2).sum(), rows, parts * rows))
    squared, trace = np.mean(state, axis=0)
    assert squared == pytest.approx(5.25, rel=0.03)
    assert trace == pytest.approx(14, rel=0.03)


def test_the_ratio_is_of_the_running_means() -> None:
    """Of 2 and 6, then of -1 and 4: by Adam's weights .09 and .1, whatever both started at."""
    state = NoiseState().after(Measured(2, 6)).after(None).after(Measured(-1, 4))
    assert state.row == {"noise_scale": pytest.approx((0.09 * 6 + 0.1 * 4) / (0.09 * 2 - 0.1))}
    assert NoiseState().after(Measured(-1, 4)).row == {}
    assert NoiseState().row == {}


@pytest.fixture
def layout(layout_of: Callable[..., Layout]) -> Layout:
    return layout_of(1, 0, 2, rows=6)


def step_of(layout: Layout, config: Any, **settings: Any) -> Step:
    return Step(Model(config, layout, Optimizers(), seed=1), TrainConfig.model_validate(settings))


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("weighted", [False, True])
def test_a_logistic_regression_measures_what_its_rows_say(
    layout: Layout, batch_of: Callable[..., Batch], weighted: bool
) -> None:
    """Its gradient in (bias, u) is the mean of (p - y) (1, x): by numpy, row by row."""
    step, batch = step_of(layout, LR()), batch_of(layout, 43, seed=2)  # 3 rows are left over
    assert batch.label is not None
    weight = np.ones(43, np.float32)
    if weighted:
        weight = np.random.default_rng(5).integers(1, 5, 43).astype(np.float32)
        batch = replace(batch, weight=weight)
    error = sigmoid(step.model.logits([batch])) - batch.label
    rows = error[:, None] * np.concatenate([np.ones((43, 1)), batch.numerics], 1)
    cut = [slice(5 * i, 5 * i + 5) for i in range(PARTS)]
    small = [np.average(rows[one], axis=0, weights=weight[one]) for one in cut]
    big = np.average(rows[:40], axis=0, weights=weight[:40])
    expected = estimate(np.mean([(g**2).sum() for g in small]), (big**2).sum(), 5, 40)
    assert NoiseScale(step).measure(batch) == pytest.approx(expected, rel=1e-4)


def test_it_finds_the_covariance_of_the_rows(layout: Layout, batch_of: Any) -> None:
    """Batches drawn from 500 rows, whose gradients have a mean and a covariance that are known."""
    step, world = step_of(layout, LR()), batch_of(layout, 500, seed=3)
    error = sigmoid(step.model.logits([world])) - world.label
    rows = error[:, None] * np.concatenate([np.ones((500, 1)), world.numerics], 1)
    squared, trace = (rows.mean(0) ** 2).sum(), rows.var(0).sum()
    rng, noise = np.random.default_rng(0), NoiseScale(step)
    found = [noise.measure(world.take(rng.integers(0, 500, 80))) for _ in range(60)]
    mean = np.mean(found, axis=0)
    assert mean[1] == pytest.approx(trace, rel=0.1)
    assert mean[0] == pytest.approx(squared, abs=0.1 * trace / 20)
    assert trace > 50 * squared  # so that a mean of ratios would not do


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_training_goes_the_same_way_with_it(
    layout: Layout, batch_of: Any, precision: str
) -> None:
    """Dropout's draws and batch norm's moments included."""
    found = []
    for measured in (False, True):
        settings = {"noise_scale": measured, "noise_steps": 2, "precision": precision}
        config = DNN(dim=2, hidden=(8,), dropout=0.3, norm="batch")
        model = Model(config, layout, Optimizers(), seed=1)
        course = Course()
        batches = [batch_of(layout, 64, seed=seed) for seed in range(5)]
        Trainer(model, TrainConfig.model_validate(settings)).epoch(batches, course, lambda _: None)
        assert (course.noise.spread > 0) == measured
        found.append([model.predict(batches), *model.network.get_weights()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.usefixtures("eager")
def test_the_history_has_it_by_epoch(layout: Layout, batch_of: Any) -> None:
    """Rows of one label have a gradient that no noise hides."""
    batch = batch_of(layout, 64, seed=1)
    batch = replace(batch, label=np.ones(64, np.float32))
    config = TrainConfig(epochs=2, patience=9, noise_scale=True, noise_steps=1)
    history = Trainer(Model(LR(), layout, Optimizers(), seed=1), config).fit(
        batches=lambda *_: [batch],
        validate=lambda _: {"LogLoss": 1.0},
        better=lambda *_: False,
        keep=lambda _: None,
        report=lambda _: None,
    )
    assert [list(row) for row in history] == 2 * [["epoch", "train_loss", "noise_scale", "LogLoss"]]
    assert all(0 < row["noise_scale"] < 64 for row in history)


@pytest.mark.usefixtures("eager")
def test_too_few_rows_are_not_measured(layout: Layout, batch_of: Any) -> None:
    assert NoiseScale(step_of(layout, LR())).measure(batch_of(layout, PARTS - 1)) is None
