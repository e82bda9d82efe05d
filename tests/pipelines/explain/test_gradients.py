from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from features.batch import Batch
from models.model import Model
from models.registry import AnyModel
from pipelines.explain.gradients import integrated_gradients
from pipelines.explain.shapley import shapley
from pipelines.players import Players

FAMILIES = sorted(one.model_fields["type"].default for one in get_args(get_args(AnyModel)[0]))
FAST = {"dcn_v2", "dien", "can", "lr", "fm"}

ModelOf = Callable[[str], Model]


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=() if one in FAST else pytest.mark.slow) for one in FAMILIES]
)
def test_contributions_add_up_to_the_logit(
    name: str, model_of: ModelOf, own: Batch, base: Batch
) -> None:
    """Completeness, in every family; and what does not differ from the baseline adds nothing.

    AFN alone is no function to integrate over: it takes logarithms of weights that pass 0 on the
    way. Its gap says so.
    """
    model = model_of(name)
    found = integrated_gradients(model, own, base, Players(model.layout))
    np.testing.assert_allclose(found.score, model.logits([own]), atol=1e-6)
    np.testing.assert_allclose(found.baseline, model.logits([base]), atol=1e-6)
    assert np.abs(found.score - found.baseline).max() > 0.02
    if name == "afn":
        assert found.gap > 0.01
    else:
        np.testing.assert_allclose(found.values.sum(1), found.score - found.baseline, atol=5e-3)
    assert found.values[0, found.names.index("history")] == 0  # it is empty


def test_of_a_linear_model_they_are_the_differences_of_its_weights(
    model_of: ModelOf, own: Batch, base: Batch
) -> None:
    """By hand: w_id - w_unseen; the mean over a history of the same; u x, summed over parts."""
    model = model_of("lr")
    weights = model.tables["wide"].weights[:, 0]
    space = model.lookups["wide"].space
    user, item = weights[space.starts["user"] :], weights[space.starts["item"] :]
    kernel = next(one.numpy() for one in model.network.trainable_weights if one.shape == (3, 1))
    parts = own.numerics * kernel[:, 0]
    histories = [one[one >= 0] for one in own.sequences["history"]]
    expected = np.column_stack(
        [
            user[own.ids[:, 0]] - user[1],
            item[own.ids[:, 1]] - item[1],
            [item[one].mean() - item[1] if len(one) else 0.0 for one in histories],
            parts[:, 0],
            parts[:, 1:].sum(1),
        ]
    )
    players = Players(model.layout)
    assert players.names == ("user", "item", "history", "price", "picture")
    for found in (
        integrated_gradients(model, own, base, players),
        shapley(lambda batch: model.logits([batch]), own, base, players),
    ):
        np.testing.assert_allclose(found.values, expected, atol=1e-5)


def test_of_a_factorization_machine_both_ways_share_each_product_alike(
    model_of: ModelOf, own: Batch, base: Batch
) -> None:
    """By hand. Along the way, <v_i, v_j> gives i: <d_i, (v_j + v'_j) / 2>, d_i = v_i - v'_i; so
    does the mean of the two orders in which i and j can come, which is Shapley's."""
    model = model_of("fm")
    table = model.tables["embedding"].weights
    space = model.lookups["embedding"].space

    def vectors(batch: Batch) -> Any:
        user = table[space.starts["user"] + batch.ids[:, 0]]
        item = table[space.starts["item"] + batch.ids[:, 1]]
        history = [
            table[space.starts["item"] + one[one >= 0]] for one in batch.sequences["history"]
        ]
        pooled = [one.mean(0) if len(one) else np.zeros(4) for one in history]
        return np.stack([user, item, np.array(pooled)], axis=1)  # (rows, 3, dim)

    end, start = vectors(own), vectors(base)
    middle = (end + start) / 2
    pairs = ((end - start) * (middle.sum(1, keepdims=True) - middle)).sum(2)
    players = Players(model.layout)
    linear = model_of("fm")
    linear.tables["embedding"].restore(np.zeros_like(linear.tables["embedding"].storage))
    first_order = integrated_gradients(linear, own, base, players).values
    expected = first_order + np.pad(pairs, ((0, 0), (0, 2)))
    for found in (
        integrated_gradients(model, own, base, players),
        shapley(lambda batch: model.logits([batch]), own, base, players),
    ):
        np.testing.assert_allclose(found.values, expected, atol=1e-4)


def test_groups_have_what_their_features_have(model_of: ModelOf, own: Batch, base: Batch) -> None:
    model = model_of("dcn_v2")
    alone = integrated_gradients(model, own, base, Players(model.layout))
    groups = {"items": ["item", "history"]}
    together = integrated_gradients(model, own, base, Players(model.layout, groups))
    assert together.names == ("user", "items", "price", "picture")
    np.testing.assert_allclose(together.values[:, 1], alone.values[:, [1, 2]].sum(1), atol=1e-6)
