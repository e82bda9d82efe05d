from typing import Any

import numpy as np

from pipelines.simulator.candidates import draw_candidates, first_distinct
from pipelines.simulator.world import build_world


def test_first_distinct_by_hand() -> None:
    item = np.array([[5, 5, 0, 5, 9], [1, 2, 1, 3, 4], [7, 7, 7, 7, 8]])
    assert first_distinct(item, 2).tolist() == [[5, 0], [1, 2], [7, 8]]
    assert first_distinct(item[:2], 3).tolist() == [[5, 0, 9], [1, 2, 3]]


def test_first_distinct_agrees_with_a_loop() -> None:
    item = np.random.default_rng(0).integers(0, 6, size=(300, 12))
    item = np.concatenate([item, np.tile(np.arange(4), (300, 1))], axis=1)
    expected = [list(dict.fromkeys(row))[:4] for row in item.tolist()]
    assert first_distinct(item, 4).tolist() == expected


def _draw(world: Any, count: int, length: int, taste: float) -> Any:
    rng = np.random.default_rng(1)
    user = rng.integers(0, world.users.count, count)
    return user, draw_candidates(world, user, rng.random((count, 4 * length + 1)), length, taste)


def test_a_list_of_all_items_shows_each_once(make: Any) -> None:
    world = build_world(make(items=10, item_zipf=3.0))
    _, item = _draw(world, 500, 10, 0.3)
    np.testing.assert_array_equal(np.sort(item, axis=1), np.tile(np.arange(10), (500, 1)))


def test_the_first_draw_follows_popularity(make: Any) -> None:
    world = build_world(make(items=30, item_zipf=1.5))
    _, item = _draw(world, 20_000, 5, 0.0)
    seen = np.bincount(item[:, 0], minlength=30)
    expected = 20_000 * world.items.share
    assert ((seen - expected) ** 2 / expected).sum() < 59.7  # chi-squared, 29 degrees, p = 0.0007


def test_taste_keeps_to_the_favourite_categories(make: Any) -> None:
    world = build_world(make(items=5_000))
    user, item = _draw(world, 2_000, 5, 1.0)
    favourites = world.users.favourites[user][:, None, :]
    match = (world.items.category[item][:, :, None] == favourites).any(axis=2)
    assert match.all()
    by_rank = (world.items.category[item][:, :1] == favourites[:, 0]).mean(axis=0)
    np.testing.assert_allclose(by_rank, 1 / 3, atol=0.04)  # each favourite alike
