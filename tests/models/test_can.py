"""CAN: its co-actions' tables are apart from the embeddings, in start, rule and penalty."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from features.batch import Batch
from features.layout import Layout
from models.can import CAN
from models.model import Model
from models.optimizers.dense import sgd
from models.optimizers.groups import Optimizers
from models.optimizers.sgd import SGD
from models.regularization import L2
from models.train_config import TrainConfig
from models.trainer import Trainer

TINY = CAN(dim=2, hidden=(4,), co_dim=3, co_layers=(2,), stddev=0.5)
PLAIN = Optimizers(
    embeddings=SGD(learning_rate=1.0),
    co_action=SGD(learning_rate=0.25),
    dense=sgd.SGD(learning_rate=1.0),
)


@pytest.fixture
def layout(layout_of: Callable[..., Layout]) -> Layout:
    return layout_of(rows=6)


@pytest.fixture
def batch(layout: Layout, batch_of: Callable[..., Batch]) -> Batch:
    return batch_of(layout, 12, seed=4)


def moved(layout: Layout, batch: Batch, rules: Optimizers, l2: L2) -> dict[str, Any]:
    """What one step takes off each table."""
    model = Model(TINY, layout, rules, seed=1)
    before = {name: table.weights for name, table in model.tables.items()}
    Trainer(model, TrainConfig(l2=l2)).step(batch)
    return {name: before[name] - table.weights for name, table in model.tables.items()}


@pytest.mark.usefixtures("eager")
def test_an_item_side_from_zero_says_nothing_and_can_learn(layout: Layout, batch: Batch) -> None:
    zero = TINY.model_copy(update={"co_item_stddev": 0.0})
    model = Model(zero, layout, PLAIN, seed=1)
    assert not model.tables["item0"].weights.any()
    before, user = model.logits([batch]), model.tables["user0"]
    user.restore(user.storage + np.float32(1))
    np.testing.assert_array_equal(model.logits([batch]), before)
    trainer = Trainer(model, TrainConfig())
    trainer.step(batch)
    assert model.tables["item0"].weights.any()
    learned = model.logits([batch])
    user.restore(user.storage + np.float32(1))
    assert (model.logits([batch]) != learned).any()


def test_both_sides_start_at_one_spread_unless_told(layout: Layout) -> None:
    specs = TINY.tables(layout)
    assert specs["item0"].stddev == specs["user0"].stddev == 0.1
    specs = TINY.model_copy(update={"co_item_stddev": 0.2}).tables(layout)
    assert (specs["item0"].stddev, specs["user0"].stddev) == (0.2, 0.1)


@pytest.mark.usefixtures("eager")
def test_co_actions_have_a_rate_of_their_own(layout: Layout, batch: Batch) -> None:
    own = moved(layout, batch, PLAIN, L2())
    shared = moved(layout, batch, PLAIN.model_copy(update={"co_action": None}), L2())
    np.testing.assert_array_equal(own["embedding"], shared["embedding"])
    for name in ("item0", "user0"):
        assert shared[name].any()
        np.testing.assert_allclose(own[name], shared[name] / 4, rtol=1e-4, atol=1e-8)


@pytest.mark.usefixtures("eager")
def test_co_actions_have_a_penalty_of_their_own_or_that_of_embeddings(
    layout: Layout, batch: Batch
) -> None:
    rules = PLAIN.model_copy(update={"co_action": None})
    start = Model(TINY, layout, rules, seed=1).tables["user0"].weights
    plain = moved(layout, batch, rules, L2())
    elements = batch.sequences["s0"]
    uses = np.bincount(elements[elements >= 0], minlength=len(start))[:, None] / batch.rows
    for l2, penalty in ((L2(co_action=0.3), 0.3), (L2(embeddings=0.2), 0.2)):
        found = moved(layout, batch, rules, l2)
        np.testing.assert_allclose(
            found["user0"] - plain["user0"], penalty * uses * start, atol=1e-6
        )
        embeddings_pay = np.abs(found["embedding"] - plain["embedding"]).max() > 1e-6
        assert embeddings_pay == (l2.embeddings > 0)
