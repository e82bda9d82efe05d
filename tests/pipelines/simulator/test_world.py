from typing import Any

import numpy as np
import pytest

from pipelines.simulator.world import build_world


@pytest.mark.parametrize("exponent", [0.0, 1.0, 1.5])
def test_ids_are_long_tailed(make: Any, exponent: float) -> None:
    users = build_world(make(users=1_000, user_zipf=exponent)).users
    share = -np.sort(-users.share)
    assert share.sum() == pytest.approx(1.0)
    rank = np.arange(1, 1_001)
    np.testing.assert_allclose(share / share[0], ((rank + 10) / 11) ** -exponent)


def test_an_id_does_not_tell_its_popularity(make: Any) -> None:
    share = build_world(make(items=2_000)).items.share
    assert abs(np.corrcoef(np.arange(2_000), share)[0, 1]) < 0.07  # 3 sigma


def test_category_edges_hold_the_popularity_of_each_category(make: Any) -> None:
    items = build_world(make(categories=7)).items
    expected = [items.share[items.category == c].sum() for c in range(7)]
    np.testing.assert_allclose(np.diff(items.category_edges), expected)
    assert items.category_edges[-1] == pytest.approx(1.0)


def test_a_category_without_items_is_empty(make: Any) -> None:
    items = build_world(make(items=12, categories=50, list_length=2)).items
    missing = np.setdiff1d(np.arange(50), items.category)
    assert len(missing) > 0
    np.testing.assert_array_equal(np.diff(items.category_edges)[missing], 0.0)


def test_favourites_are_the_nearest_categories(make: Any) -> None:
    world = build_world(make())
    affinity = world.users.latent @ world.centroids.T
    for user in range(20):
        nearest = sorted(range(20), key=lambda c: -affinity[user, c])[:3]
        assert world.users.favourites[user].tolist() == nearest


def test_age_in_days(make: Any) -> None:
    items = build_world(make()).items
    later = items.born[:2] + np.array([86_400, 86_400 * 3 // 2])
    age = items.age_days(np.array([[0], [1]]), later)
    assert age.tolist() == [[1.0], [1.5]]


def test_the_number_of_rows_leaves_the_world_alone(make: Any) -> None:
    few, many = build_world(make(rows=10)), build_world(make(rows=10**9))
    np.testing.assert_array_equal(few.items.latent, many.items.latent)
    np.testing.assert_array_equal(few.users.share, many.users.share)
