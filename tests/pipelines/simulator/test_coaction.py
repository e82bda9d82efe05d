from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import OneHotEncoder

from pipelines.simulator.coaction import brand_exposure, category_exposure, centred, signs
from pipelines.simulator.traffic import Traffic
from pipelines.simulator.world import COUNTRIES, build_world


def test_signs_are_balanced_in_each_column() -> None:
    table = signs(6, 9, np.random.default_rng(0))
    np.testing.assert_array_equal(abs(table), 1.0)
    np.testing.assert_array_equal(table.sum(axis=0), 0.0)
    assert len({tuple(column) for column in table.T.tolist()}) > 3


def test_centred_has_no_marginals_under_any_weight() -> None:
    rng = np.random.default_rng(0)
    weight = rng.gamma(1.0, size=(5, 8))
    table = centred(rng.standard_normal((5, 8)), weight)
    np.testing.assert_allclose((weight * table).sum(axis=0), 0.0, atol=1e-9)
    np.testing.assert_allclose((weight * table).sum(axis=1), 0.0, atol=1e-9)
    assert (weight * table**2).sum() / weight.sum() == pytest.approx(1.0)


def test_an_additive_table_has_nothing_left() -> None:
    weight = np.random.default_rng(0).random((4, 3))
    additive = np.arange(4.0)[:, None] + np.array([3.0, -1.0, 7.0])
    np.testing.assert_array_equal(centred(additive, weight), 0.0)


def test_two_by_two_is_a_checkerboard() -> None:
    table = centred(np.array([[3.0, 0.0], [0.0, 0.0]]), np.ones((2, 2)))
    np.testing.assert_allclose(table, [[1.0, -1.0], [-1.0, 1.0]])


def test_exposures_are_shares(make: Any) -> None:
    config = make()
    world = build_world(config)
    groups = len(COUNTRIES)
    traffic = np.bincount(world.users.country, world.users.share, minlength=groups)
    for exposure in (category_exposure, brand_exposure):
        table = exposure(config, world, world.users.country, groups)
        np.testing.assert_allclose(table.sum(axis=1), traffic)


def test_only_cells_can_learn_the_co_action(make: Any) -> None:
    """With nothing else in the world, both columns apart say nothing and together much."""
    config = make(
        users=3_000, items=3_000, linear_strength=0, latent_strength=0, history_strength=0,
        co_action_strength=2.0, noise=0.0, logger_strength=0.0, eta=0.0, ctr=0.2,
    )  # fmt: skip
    world = build_world(config)
    chunk = Traffic(config, world).take(8_000)
    user, item = np.repeat(chunk.queries.user, config.list_length), chunk.item.ravel()
    pairs = {
        "age x category": (world.users.age[user], world.items.category[item]),
        "country x brand": (world.users.country[user], world.items.brand[item]),
    }
    click = chunk.click.ravel()
    train, test = np.arange(60_000), np.arange(60_000, 80_000)
    for name, pair in pairs.items():
        columns = np.stack(pair, axis=1)
        hot = OneHotEncoder().fit_transform(columns)
        linear = LogisticRegression(C=1.0).fit(hot[train], click[train])
        apart = roc_auc_score(click[test], linear.decision_function(hot[test]))
        cell = columns[:, 0] * 1_000 + columns[:, 1]
        shown = np.bincount(cell[train], minlength=cell.max() + 1)
        clicked = np.bincount(cell[train], click[train], minlength=cell.max() + 1)
        together = roc_auc_score(click[test], ((clicked + 2) / (shown + 10))[cell[test]])
        assert apart < 0.52, name
        assert together > 0.7, name
