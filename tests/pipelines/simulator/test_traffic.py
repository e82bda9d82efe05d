from typing import Any

import numpy as np
import pytest

from pipelines.simulator.traffic import Chunk, Traffic
from pipelines.simulator.world import build_world


def _take(config: Any, *counts: int) -> list[Chunk]:
    traffic = Traffic(config, build_world(config))
    return [traffic.take(count) for count in counts]


def test_rows_do_not_depend_on_how_they_are_cut(make: Any) -> None:
    config = make(users=30)  # each user comes back within a chunk many times
    (whole,), parts = _take(config, 300), _take(config, 1, 99, 150, 50)
    for name in ("item", "click", "history", "price_missing"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        np.testing.assert_array_equal(joined, getattr(whole, name), err_msg=name)
    joined = np.concatenate([part.relevance for part in parts])
    np.testing.assert_allclose(joined, whole.relevance, rtol=1e-12)
    assert [part.first_query for part in parts] == [0, 1, 100, 250]


def test_the_ranker_knows_nothing_or_everything(make: Any) -> None:
    (blind,) = _take(make(logger_strength=0.0), 4_000)
    by_position = blind.relevance.mean(axis=0)
    sigma = blind.relevance.std() / np.sqrt(4_000)
    np.testing.assert_allclose(by_position, by_position.mean(), atol=4 * sigma)
    (knowing,) = _take(make(logger_strength=1.0), 500)
    assert (np.diff(knowing.relevance, axis=1) <= 0).all()
    (between,) = _take(make(logger_strength=0.5), 4_000)
    assert (np.diff(between.relevance.mean(axis=0)) < 0).all()


@pytest.mark.parametrize("eta", [0.5, 1.0])
def test_clicks_by_position_follow_examination_when_the_ranker_is_blind(
    make: Any, eta: float
) -> None:
    (chunk,) = _take(make(logger_strength=0.0, eta=eta, ctr=0.15), 10_000)
    position = np.arange(1, 11)
    expected = chunk.relevance.mean() * position**-eta
    sigma = np.sqrt(expected * (1 - expected) / 10_000)
    np.testing.assert_array_less(abs(chunk.click.mean(axis=0) - expected), 4 * sigma)


def test_a_list_shows_no_item_twice(make: Any) -> None:
    (chunk,) = _take(make(items=40), 1_000)
    assert (np.diff(np.sort(chunk.item, axis=1), axis=1) > 0).all()


def test_the_clock(make: Any) -> None:
    config = make(queries_per_day=1_000)
    queries = _take(config, 2_000)[0].queries
    assert (np.diff(queries.timestamp) >= 0).all()
    day = (queries.timestamp - config.start) // 86_400
    assert np.bincount(day).tolist() == [1_000, 1_000]
    np.testing.assert_array_equal(queries.hour, queries.timestamp % 86_400 // 3_600)
    by_hour = np.bincount(queries.hour, minlength=24)
    # the integral of 1 - 0.6 cos(2 pi (t - 1/4)) over half a day
    assert by_hour[12:].sum() / 2_000 == pytest.approx(0.5 + 0.6 / np.pi, abs=0.01)


def test_users_come_in_proportion_to_their_share(make: Any) -> None:
    config = make(users=20)
    world = build_world(config)
    user = Traffic(config, world).take(10_000).queries.user
    expected = 10_000 * world.users.share
    seen = np.bincount(user, minlength=20)
    assert ((seen - expected) ** 2 / expected).sum() < 45.3  # chi-squared, 19 degrees, p = 0.0006


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_click_rate_comes_near_the_one_asked_for(make: Any, seed: int) -> None:
    (chunk,) = _take(make(seed=seed, users=3_000, items=3_000, ctr=0.1), 2_000)
    assert 0.08 < chunk.click.mean() < 0.12


def test_one_user_one_item(make: Any) -> None:
    none = dict.fromkeys(("linear_strength", "latent_strength", "co_action_strength"), 0.0)
    config = make(users=1, items=1, categories=1, brands=1, list_length=1, ctr=0.3, **none)
    (chunk,) = _take(config, 200)
    assert (chunk.item == 0).all()
    np.testing.assert_allclose(chunk.relevance, 0.3, rtol=1e-6)
