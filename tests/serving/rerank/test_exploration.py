"""Propensities against enumeration and against what is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
import polars as pl
import pytest

from serving.rerank.chosen import mixture
from serving.rerank.config import RerankConfig
from serving.rerank.plackett_luce import sample
from serving.rerank.reranker import Reranked, Reranker
from serving.rerank.traits import Traits

Rank = Callable[..., Reranked]
List = tuple[int, ...]
SCORES = np.float32([0.4, 1.0, 0.1, 0.7])
BEST = (1, 3, 0, 2)
BRANDS = list("abab")
DRAWS = 1000

CAP = {"rules": [{"type": "cap", "column": "brand", "most": 1, "top": 2}]}
PIN = {"rules": [{"type": "pin", "when": [["brand", "==", "a"]], "position": 1}]}
SHARE = {"rules": [{"type": "share", "when": [["brand", "==", "a"]], "least": 1, "top": 2}]}
DIVERSITY = {"diversity": {"relevance": 0.5, "columns": ["brand"]}}
POLICIES: list[dict[str, Any]] = [
    {"type": "epsilon", "epsilon": 0.6},
    {"type": "epsilon", "epsilon": 0.6, "per": "position"},
    {"type": "plackett_luce", "temperature": 0.8},
    {"type": "swap", "probability": 0.3},
]
BOTH = {"rules": PIN["rules"] + SHARE["rules"]}
SETTINGS: list[dict[str, Any]] = [{}, BOTH, CAP | DIVERSITY, {"depth": 2}]


def draws(config: dict[str, Any], count: int = DRAWS) -> list[Reranked]:
    reranker = Reranker(RerankConfig.model_validate(config))
    brand = pl.Series("brand", BRANDS)
    return [
        reranker.rank(SCORES, Traits(4, lambda _: brand), np.random.default_rng(seed))
        for seed in range(count)
    ]


def by_list(found: list[Reranked]) -> dict[List, Reranked]:
    return {tuple(one.order.tolist()): one for one in found}


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_lists_are_as_likely_as_they_say(policy: dict[str, Any], setting: dict[str, Any]) -> None:
    """Those that come up have propensities that add up to 1, and come up as often."""
    found = draws({"exploration": policy, **setting})
    known = by_list(found)
    likely = {shown: one.propensity.prod() for shown, one in known.items()}
    for one in found:  # whatever the draw, the same list has the same propensities
        np.testing.assert_allclose(one.propensity, known[tuple(one.order.tolist())].propensity)
    assert sum(likely.values()) == pytest.approx(1)
    counts = Counter(tuple(one.order.tolist()) for one in found)
    for shown, chance in likely.items():
        spread = np.sqrt(chance * (1 - chance) / DRAWS)
        assert counts[shown] / DRAWS == pytest.approx(chance, abs=5 * spread)


@pytest.mark.parametrize("setting", [{}, PIN | DIVERSITY, {"depth": 2}], ids=str)
@pytest.mark.parametrize("policy", [POLICIES[0], POLICIES[3]], ids=str)
def test_marginals_are_sums_over_lists(policy: dict[str, Any], setting: dict[str, Any]) -> None:
    depth = setting.get("depth", 4)
    known = by_list(draws({"exploration": policy, **setting}, 500))
    likely = {shown: one.propensity.prod() for shown, one in known.items()}
    for shown, one in known.items():
        for place in range(depth):
            total = sum(p for other, p in likely.items() if other[place] == shown[place])
            assert one.marginal[place] == pytest.approx(total)


def test_plackett_luce_is_its_formula() -> None:
    temperature = 0.8
    known = by_list(draws({"exploration": {"type": "plackett_luce", "temperature": 0.8}}))
    assert set(known) == set(permutations(range(4)))
    weights = np.exp(np.float64(SCORES) / temperature)
    for shown, one in known.items():
        left = [weights[list(shown[place:])].sum() for place in range(4)]
        np.testing.assert_allclose(one.propensity, weights[list(shown)] / left)


def test_epsilon_by_list_is_its_formula() -> None:
    known = by_list(draws({"exploration": {"type": "epsilon", "epsilon": 0.6}}))
    assert set(known) == set(permutations(range(4)))
    for shown, one in known.items():
        expected = 0.6 / factorial(4) + 0.4 * (shown == BEST)
        assert one.propensity.prod() == pytest.approx(expected)
        expected_marginal = [0.6 / 4 + 0.4 * (a == b) for a, b in zip(shown, BEST, strict=True)]
        np.testing.assert_allclose(one.marginal, expected_marginal)


def test_epsilon_by_position_is_its_formula() -> None:
    config = {"exploration": {"type": "epsilon", "epsilon": 0.6, "per": "position"}}
    known = by_list(draws(config))
    assert set(known) == set(permutations(range(4)))
    for shown, one in known.items():
        for place, row in enumerate(shown):
            best = row == next(other for other in BEST if other not in shown[:place])
            assert one.propensity[place] == pytest.approx(0.6 / (4 - place) + 0.4 * best)


def test_swaps_by_hand() -> None:
    known = by_list(draws({"exploration": {"type": "swap", "probability": 0.3}}))
    a, b, c, d = BEST
    likely = {shown: one.propensity.prod() for shown, one in known.items()}
    assert likely == pytest.approx(
        {
            (a, b, c, d): 0.5 * 0.7 * 0.7 + 0.5 * 0.7,
            (b, a, c, d): 0.5 * 0.3 * 0.7,
            (a, b, d, c): 0.5 * 0.7 * 0.3,
            (b, a, d, c): 0.5 * 0.3 * 0.3,
            (a, c, b, d): 0.5 * 0.3,
        }
    )
    # b above a says that the pairs 0 and 1, 2 and 3 were taken: a must follow, then c or d.
    np.testing.assert_allclose(known[b, a, c, d].propensity, [0.15, 1, 0.7, 1])
    # c stays third by either pairs with .7, d fourth by one with .7 and by the other for sure.
    np.testing.assert_allclose(known[b, a, c, d].marginal, [0.15, 0.15, 0.7, 0.85])


def test_swaps_keep_pins_and_caps(rank: Rank) -> None:
    config = {"exploration": {"type": "swap", "probability": 1}}
    brands = list("aabb")
    for seed in range(20):
        capped = rank({**config, **CAP}, SCORES, seed, brand=brands).order.tolist()
        assert {brands[row] for row in capped[:2]} == {"a", "b"}
        pinned = rank({**config, **PIN}, SCORES, seed, brand=BRANDS).order.tolist()
        assert pinned[1] == 0


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_a_seed_gives_its_list_again(rank: Rank, policy: dict[str, Any]) -> None:
    scores = np.random.default_rng(1).normal(size=30)
    config = {"exploration": policy}
    lists = [tuple(rank(config, scores, seed).order) for seed in range(10)]
    assert lists == [tuple(rank(config, scores, seed).order) for seed in range(10)]
    assert len(set(lists)) > 1


def test_cold_sampling_is_greedy_and_hot_sampling_uniform(rank: Rank) -> None:
    cold = {"exploration": {"type": "plackett_luce", "temperature": 1e-6}}
    for setting, expected in (({}, BEST), (CAP, (1, 0, 3, 2))):
        found = rank(cold | setting, SCORES, brand=BRANDS)
        assert tuple(found.order) == expected
        np.testing.assert_allclose(found.propensity, 1)
    hot = {"exploration": {"type": "plackett_luce", "temperature": 1e9}}
    np.testing.assert_allclose(rank(hot, SCORES).propensity, [1 / 4, 1 / 3, 1 / 2, 1], rtol=1e-6)


def test_both_ways_to_sample_agree() -> None:
    """All at once by Gumbel noise, or position by position where a rule may matter."""
    idle = {"type": "cap", "column": "brand", "most": 99, "top": 4}
    exploration = {"type": "plackett_luce", "temperature": 0.8}
    whole = by_list(draws({"exploration": exploration}))
    stepwise = by_list(draws({"exploration": exploration, "rules": [idle]}))
    assert whole.keys() == stepwise.keys()
    for shown, one in whole.items():
        np.testing.assert_allclose(one.propensity, stepwise[shown].propensity)


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_long_lists_and_far_scores_stay_finite(rank: Rank, scale: float) -> None:
    scores = np.random.default_rng(0).normal(size=2000) * scale
    for policy in POLICIES:
        found = rank({"exploration": policy, "depth": 1000}, scores)
        assert sorted(found.order.tolist()) == list(range(2000))
        assert ((found.propensity > 0) & (found.propensity <= 1)).all()
        assert np.isfinite(np.log(found.propensity).sum())


def test_logs_of_samples_are_those_of_orders() -> None:
    logits = np.array([1.0, 3.0, 2.0])
    order, logs = sample(logits, np.random.default_rng(0))
    left = [np.log(np.exp(logits[order[place:]]).sum()) for place in range(3)]
    np.testing.assert_allclose(logs, logits[order] - left)


def test_a_mixture_learns_which_policy_it_was() -> None:
    logs = np.log([[0.5, 0.5], [0.25, 1.0]])
    # .5 x .5 + .5 x .25 = .375, then (.5 x .25 + .5 x .25) / .375
    np.testing.assert_allclose(mixture(np.array([0.5, 0.5]), logs), [0.375, 0.25 / 0.375])
