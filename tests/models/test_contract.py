"""What every model family must do, whatever it is: one contract, run over each of them."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import OneHotEncoder

from features.batch import Batch
from features.index import MISSING, UNSEEN
from features.layout import Layout
from features.ragged import PAD
from models.keras import tf
from models.lr import LR
from models.model import Model
from models.multi_task import MultiTaskConfig
from models.network import ModelConfig
from models.optimizers.groups import Optimizers
from models.optimizers.optimizer import Floats, Ints, SparseOptimizer
from models.registry import AnyModel
from models.trainer import Trainer

ROOT = Path(__file__).resolve().parents[2]
BatchOf = Callable[..., Batch]


def entropies(model: Model, batch: Batch) -> npt.NDArray[np.float64]:
    """Mean binary cross-entropy of each label that it learns, from the logits, in float64."""
    logits = model.task_logits([batch]).astype(np.float64)
    assert batch.label is not None
    labels = np.column_stack([batch.label, batch.tasks])[:, : logits.shape[1]]
    return np.asarray(np.mean(np.logaddexp(0, logits) - labels * logits, 0))


def entropy(model: Model, batch: Batch) -> float:
    return float(entropies(model, batch).sum())


def test_every_registered_family_is_under_contract(variants: dict[str, ModelConfig]) -> None:
    union, *_ = get_args(AnyModel)
    assert set(get_args(union)) == {type(one) for one in variants.values()}


def test_a_linear_model_cannot_learn_the_co_action(coaction: Any) -> None:
    """So that the next test is about crosses: by the design of the data its AUC is 1/2."""
    encoder = OneHotEncoder().fit(coaction.train.ids)
    linear = LogisticRegression().fit(encoder.transform(coaction.train.ids), coaction.train.label)
    scores = linear.decision_function(encoder.transform(coaction.held.ids))
    assert roc_auc_score(coaction.held.label, scores) == pytest.approx(0.5, abs=0.05)


def test_it_learns_a_co_action_and_carries_it_to_new_pairs(trained: Model, coaction: Any) -> None:
    found = roc_auc_score(coaction.held.label, trained.predict([coaction.held]))
    assert found == pytest.approx(0.5, abs=0.05) if isinstance(trained.config, LR) else found > 0.9
    if isinstance(trained.config, MultiTaskConfig):
        further = trained.task_logits([coaction.held])[:, 1]
        assert roc_auc_score(coaction.held.tasks[:, 0], further) > 0.9


def test_it_overfits_a_tiny_set(
    config: ModelConfig, fast: Optimizers, layout_of: Callable[..., Layout], batch_of: BatchOf
) -> None:
    batch = batch_of(layout_of(), 24)
    model = Model(config, layout_of(), fast)
    trainer = Trainer(model)
    assert entropies(model, batch)[0] == pytest.approx(np.log(2), abs=0.3)
    for _ in range(80):
        trainer.step(batch)
    # Some of the labels are beyond a linear model.
    assert entropy(model, batch) < (0.5 if isinstance(config, LR) else 0.02)


@pytest.mark.parametrize(
    "some",
    [
        ("dcn_v2-parallel", "wide_deep", "can", "din", "dnn"),
        pytest.param((), marks=pytest.mark.slow, id="all"),
    ],
    ids="-".join,
)
def test_the_same_seed_trains_the_same_model(
    variants: dict[str, ModelConfig],
    digests_of: Callable[[list[str]], dict[str, str]],
    some: tuple[str, ...],
) -> None:
    """Bit for bit, here and in another process: tables, state and predictions."""
    names = list(some or variants)
    conftest = Path(__file__).with_name("conftest.py")
    call = f"runpy.run_path({str(conftest)!r})['digests']({names})"
    command = [sys.executable, "-c", f"import json, runpy\nprint(json.dumps({call}))"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    elsewhere: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    assert digests_of(names) == elsewhere
    assert len({*elsewhere.values()}) == len(names)


def test_seeds_decide_the_start(
    eager: None, config: ModelConfig, layout_of: Callable[..., Layout], batch_of: BatchOf
) -> None:
    """Of the logits, and of every kernel by itself, where it does not start at one number."""
    layout = layout_of()
    models = [Model(config, layout, Optimizers(), seed) for seed in (0, 0, 1)]
    first, again, other = (model.logits([batch_of(layout, 9)]) for model in models)
    np.testing.assert_array_equal(first, again)
    kernels = [
        [one for one in model.network.get_weights() if one.ndim > 1 and one.std() > 0]
        for model in models
    ]
    assert (first != other).all() != isinstance(config, LR)
    for one, another in zip(kernels[0], kernels[2], strict=True):
        assert (one != another).all()


@pytest.mark.parametrize("prior", [0.02, pytest.param(0.5, marks=pytest.mark.slow)])
def test_an_untrained_model_predicts_the_prior(
    eager: None,
    config: ModelConfig,
    layout_of: Callable[..., Layout],
    batch_of: BatchOf,
    prior: float,
) -> None:
    layout = layout_of(2, 1, 0)
    model = Model(config, layout, Optimizers(), prior=prior)
    odds = model.logits([batch_of(layout, 20)]) - np.log(prior / (1 - prior))
    assert np.abs(odds).max() < 0.2


def test_a_row_scores_the_same_in_any_company(trained: Model, coaction: Any) -> None:
    """Alone, in a batch, in batches of any sizes, in order."""
    batch = coaction.held.take(slice(0, 30))
    whole = trained.logits([batch])
    assert whole.shape == (30,)
    for sizes in ([1] * 30, [29, 1], [7, 3, 20]):
        ends = np.cumsum(sizes)
        parts = [batch.take(slice(a, b)) for a, b in zip(ends - sizes, ends, strict=True)]
        np.testing.assert_allclose(trained.logits(parts), whole, rtol=1e-4, atol=1e-4)


def test_no_rows_have_no_scores(trained: Model, coaction: Any) -> None:
    assert trained.logits([]).shape == (0,)
    assert trained.predict([coaction.held.take(slice(0, 0))]).shape == (0,)


def test_probabilities_are_the_sigmoid_of_logits(trained: Model, coaction: Any) -> None:
    logits, chance = trained.logits([coaction.held]), trained.predict([coaction.held])
    assert chance.dtype == logits.dtype == np.float32
    np.testing.assert_allclose(chance, 0.5 * (1 + np.tanh(logits / 2)), rtol=1e-4, atol=1e-6)


def test_empty_sequences_score_as_a_vector_of_zeros(trained: Model, coaction: Any) -> None:
    """None is a special case: all empty, or one empty among full ones."""
    batch = coaction.held.take(slice(0, 8))
    empty = replace(batch, sequences={"s0": np.full((8, 3), PAD, np.int32)})
    found = trained.logits([empty])
    assert np.isfinite(found).all()
    mixed = {"s0": np.where(np.arange(8)[:, None] % 2, empty.sequences["s0"], 2).astype(np.int32)}
    np.testing.assert_allclose(
        trained.logits([replace(batch, sequences=mixed)])[1::2], found[1::2], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("row", [MISSING, UNSEEN])
def test_unseen_ids_are_scored_alike(trained: Model, coaction: Any, row: int) -> None:
    """On rows that training never touched, which must still be where they started."""
    batch = Batch(
        ids=np.full((5, 2), row, np.int32),
        numerics=np.zeros((5, 1), np.float32),
        sequences={"s0": np.full((5, 3), row, np.int32)},
    )
    found = trained.predict([batch])
    assert ((found > 0) & (found < 1)).all()
    np.testing.assert_allclose(found, found[0], rtol=1e-6)
    fresh = Model(trained.config, trained.layout, trained.optimizers, trained.seed)
    for name, table in trained.tables.items():
        rows = np.arange(row, table.rows, 22)  # of each vocabulary in it
        np.testing.assert_array_equal(table.storage[rows], fresh.tables[name].storage[rows])


@pytest.mark.parametrize(
    "fields",
    [
        (2, 1, 0),
        pytest.param((2, 0, 1), marks=pytest.mark.slow),
        pytest.param((0, 1, 1), marks=pytest.mark.slow),
        (0, 0, 2),
        pytest.param((0, 2, 0), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_any_kind_of_field_may_be_absent(
    eager: None,
    config: ModelConfig,
    fast: Optimizers,
    layout_of: Callable[..., Layout],
    batch_of: BatchOf,
    fields: tuple[int, int, int],
) -> None:
    """(ids, sequences, numerics): it builds, scores one row and many, and its loss falls."""
    layout = layout_of(*fields)
    batch = batch_of(layout, 9, seed=3)
    model = Model(config, layout, fast)
    trainer, before = Trainer(model), entropy(model, batch)
    for size in (9, 1, 9, 9, 9, 9):
        trainer.step(batch.take(slice(0, size)))
    assert entropy(model, batch) < before - 0.004
    assert model.logits([batch.take(slice(0, 1))]).shape == (1,)


class Descent(SparseOptimizer):
    """w -= g (at a rate of 1), which leaves the gradient to be read off the table."""

    learning_rate: float = 1.0

    @property
    def slots(self) -> int:
        return 0

    def start(self, weights: Floats) -> Floats:
        return weights[:, :0]

    def update(self, table: Floats, rows: Ints, gradient: Floats, rate: float) -> None:
        table[rows] -= rate * gradient


def test_table_gradients_are_those_of_the_loss(
    eager: None,
    config: ModelConfig,
    layout_of: Callable[..., Layout],
    batch_of: BatchOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Against central differences of an entropy worked in numpy, for every weight of a table.

    All is smooth for that, lest a difference fall over a kink, and the same in training and out.
    """
    monkeypatch.setattr(tf.nn, "relu", tf.nn.softplus)
    layout = layout_of(rows=2)
    batch = batch_of(layout, 6, seed=2)
    smooth = {"dim": 2, "activation": "tanh", "dropout": 0.0, "field_dropout": 0.0, "norm": "none"}
    smooth |= {"attention_activation": "tanh", "batch_norm": False}
    known = {name: value for name, value in smooth.items() if name in type(config).model_fields}
    tiny = config.model_copy(update=known)
    rules = Optimizers.model_construct(
        embeddings=Descent(), wide=Descent(), dense=Optimizers().dense
    )
    model, moved = Model(tiny, layout, rules), Model(tiny, layout, rules)
    random, start = np.random.default_rng(0), {}
    kernels = [
        random.normal(scale=0.5, size=one.shape) if one.ndim > 1 else one
        for one in model.network.get_weights()
    ]
    model.network.set_weights(kernels)
    moved.network.set_weights(kernels)
    for name, table in model.tables.items():
        start[name] = random.normal(scale=0.5, size=table.storage.shape).astype(np.float32)
        table.restore(start[name])
        moved.tables[name].restore(start[name])
    Trainer(moved).step(batch)
    for name, table in model.tables.items():
        expected = np.zeros_like(start[name])
        for index in np.ndindex(*expected.shape):
            losses = []
            for step in (0.002, -0.002):
                shifted = start[name].copy()
                shifted[index] += step
                table.restore(shifted)
                losses.append(entropy(model, batch))
            expected[index] = (losses[0] - losses[1]) / 0.004
        table.restore(start[name])
        found = start[name] - moved.tables[name].storage
        np.testing.assert_allclose(found, expected, rtol=5e-3, atol=2e-4)
        assert np.abs(found).max() > 0.01
