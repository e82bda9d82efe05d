from typing import Any

import numpy as np
import pytest

from pipelines.simulator.preference import Preference, Queries
from pipelines.simulator.world import build_world

STRENGTHS = ("linear_strength", "latent_strength", "co_action_strength")


def _queries(users: int, count: int = 50) -> tuple[Queries, Any]:
    rng = np.random.default_rng(3)
    hour, device = rng.integers(0, 24, count), rng.integers(0, 4, count)
    time = np.full(count, 1_704_067_200) + 3_600 * hour
    return Queries(time, hour, rng.integers(0, users, count), device), rng.integers(
        0, 500, (count, 10)
    )


def _logit(config: Any) -> Any:
    queries, item = _queries(config.users)
    return Preference(config, build_world(config)).before_history(queries, item)


def test_effects_add_up_in_proportion_to_their_strengths(make: Any) -> None:
    none = dict.fromkeys(STRENGTHS, 0.0)
    alone = [_logit(make(**{**none, name: 1.0})) for name in STRENGTHS]
    assert all(part.std() > 0.3 for part in alone)
    mixed = _logit(make(**dict(zip(STRENGTHS, (0.5, 2.0, 3.0), strict=True))))
    np.testing.assert_allclose(mixed, 0.5 * alone[0] + 2.0 * alone[1] + 3.0 * alone[2])


@pytest.mark.parametrize("name", STRENGTHS)
def test_strength_is_about_the_deviation_of_the_logit(make: Any, name: str) -> None:
    config = make(users=5_000, **{**dict.fromkeys(STRENGTHS, 0.0), name: 1.0})
    queries, item = _queries(config.users, 5_000)
    logit = Preference(config, build_world(config)).before_history(queries, item)
    assert 0.6 < logit.std() < 1.5


def test_latent_effect_is_an_inner_product(make: Any) -> None:
    config = make(linear_strength=0, co_action_strength=0, latent_strength=2.0)
    world = build_world(config)
    queries, item = _queries(config.users)
    logit = Preference(config, world).before_history(queries, item)
    user_vector = world.users.latent[queries.user[4]]
    assert logit[4, 7] == pytest.approx(2.0 * user_vector @ world.items.latent[item[4, 7]])


def test_history_effect_by_hand(make: Any) -> None:
    config = make(history_strength=1.5)
    world = build_world(config)
    preference = Preference(config, world)
    cosine = world.centroids @ world.centroids.T
    similarity = cosine - cosine.mean()
    a, b, c = world.items.category[:3]
    history = np.array([[-1, -1, -1], [-1, -1, 0], [-1, 0, 1]])
    effect = preference.of_history(history, np.full((3, 1), 2)).ravel()
    mean = (similarity[a, c] + similarity[b, c]) / 2
    np.testing.assert_allclose(effect, [0.0, 1.5 * similarity[a, c], 1.5 * mean])


def test_clicked_category_is_liked_best(make: Any) -> None:
    config = make(items=1_000)
    world = build_world(config)
    effect = Preference(config, world).of_history(np.array([[5]]), np.arange(1_000)[None, :])
    liked = effect[0] == effect[0].max()
    np.testing.assert_array_equal(liked, world.items.category == world.items.category[5])


def test_noise_is_integrated_out(make: Any) -> None:
    """MacKay's closed form against Gauss-Hermite quadrature."""
    config = make(noise=1.5)
    logit = np.linspace(-4, 4, 33)
    node, weight = np.polynomial.hermite_e.hermegauss(60)
    noisy = 1.0 / (1.0 + np.exp(-(logit[:, None] + 1.5 * node)))
    exact = (noisy * weight).sum(axis=1) / weight.sum()
    relevance = Preference(config, build_world(config)).relevance(logit, 0.0)
    np.testing.assert_allclose(relevance, exact, atol=0.02)
    assert abs(1.0 / (1.0 + np.exp(-logit)) - exact).max() > 0.05
