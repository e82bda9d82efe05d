"""Wide & Deep: its wide part is FTRL logistic regression; both parts add up."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from features.batch import Batch
from features.layout import Layout
from features.ragged import PAD
from models.model import Model
from models.optimizers.ftrl import Ftrl
from models.optimizers.groups import Adam, Optimizers
from models.trainer import Trainer
from models.wide_deep import WideDeep

RULE = Ftrl(learning_rate=0.3, beta=0.5, l1=0.2, l2=0.1)


def used(batch: Batch, row: int) -> list[tuple[int, float]]:
    """The table rows of an example and how much of each: the mean of a sequence, 1 of an id."""
    elements = [one for one in batch.sequences["s0"][row] if one != PAD]
    ids = [(int(batch.ids[row, 0]), 1.0), (int(batch.ids[row, 1]) + 6, 1.0)]
    return ids + [(int(one), 1 / len(elements)) for one in elements]


def test_the_wide_part_alone_is_ftrl_logistic_regression(
    eager: None, layout_of: Callable[..., Layout], batch_of: Callable[..., Batch], scalar_ftrl: Any
) -> None:
    """With the deep part held at zero: McMahan's Algorithm 1, one coordinate a table row."""
    layout = layout_of(rows=6)
    rules = Optimizers(wide=RULE, dense=Adam(learning_rate=1e-30))
    model = Model(WideDeep(dim=2, hidden=(3,)), layout, rules)
    model.network.set_weights([np.zeros_like(one) for one in model.network.get_weights()])
    trainer = Trainer(model)
    wide = [scalar_ftrl(RULE.learning_rate, RULE.beta, RULE.l1, RULE.l2) for _ in range(12)]
    for seed, rows in enumerate([1, 1, 7, 20, 3, 20, 1, 9]):
        batch = batch_of(layout, rows, seed)
        assert batch.label is not None
        gradients = np.zeros(12)
        for row in range(rows):
            logit = sum(wide[one].weight * share for one, share in used(batch, row))
            error = 1 / (1 + np.exp(-logit)) - batch.label[row]
            for one, share in used(batch, row):
                gradients[one] += share * error / rows
        for coordinate, gradient in zip(wide, gradients, strict=True):
            coordinate.learn(gradient)
        trainer.step(batch)
        expected = [coordinate.weight for coordinate in wide]
        found = model.tables["wide"].weights[:, 0]
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    assert (found == 0).any()
    assert (np.abs(found) > 0.05).any()


def test_the_parts_add_up_to_the_logit(
    eager: None, layout_of: Callable[..., Layout], batch_of: Callable[..., Batch]
) -> None:
    layout = layout_of(2, 0, 1, rows=6)
    batch = batch_of(layout, 5)
    model = Model(WideDeep(dim=2, hidden=(3,)), layout, Optimizers())
    deep = model.logits([batch])
    table = model.tables["wide"]
    storage = table.storage
    storage[:, 0] = np.arange(12)
    table.restore(storage)
    wide = batch.ids[:, 0] + batch.ids[:, 1] + 6
    np.testing.assert_allclose(model.logits([batch]), deep + wide, rtol=1e-5)


def test_the_deep_part_is_an_mlp_of_embeddings_and_numerics(
    eager: None, layout_of: Callable[..., Layout], batch_of: Callable[..., Batch]
) -> None:
    layout = layout_of(2, 0, 1, rows=6)
    batch = batch_of(layout, 5)
    model = Model(WideDeep(dim=2, hidden=(3,)), layout, Optimizers())
    random = np.random.default_rng(0)
    shapes = [one.shape for one in model.network.get_weights()]
    w1, b1, w2, b2 = (random.normal(size=shape).astype(np.float32) for shape in shapes)
    model.network.set_weights([w1, b1, w2, b2])
    table = model.tables["embedding"].weights
    first = np.concatenate([table[batch.ids[:, 0]], table[batch.ids[:, 1] + 6], batch.numerics], 1)
    expected = (np.maximum(first @ w1 + b1, 0) @ w2 + b2)[:, 0]
    np.testing.assert_allclose(model.logits([batch]), expected, rtol=1e-4, atol=1e-5)


def test_wide_weights_start_at_zero_and_embeddings_do_not(
    layout_of: Callable[..., Layout],
) -> None:
    model = Model(WideDeep(), layout_of(), Optimizers())
    assert not model.tables["wide"].weights.any()
    assert model.tables["embedding"].weights.std() == pytest.approx(0.01, rel=0.1)
