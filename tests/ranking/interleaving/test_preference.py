"""Who wins: by hand, fair to a ranker against itself, and sure of a better one."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.stats import binom, binomtest

from features.errors import ConfigError, DataError
from ranking.interleaving.interleaved import Interleaved, generator
from ranking.interleaving.preference import (
    Preference,
    impression_credits,
    needed_impressions,
    preference,
)
from ranking.interleaving.probabilistic import probabilistic
from ranking.interleaving.team_draft import team_draft
from ranking.off_policy.resampling import Resampling

QUICK = Resampling(resamples=200)
Mix = Callable[..., Interleaved]


def test_credits_by_hand() -> None:
    """Two impressions of 3 and 2 rows: clicks on rows of a, b; then on none of them."""
    credit = np.array([[1, 0], [0, 1], [0.25, 0.75], [1, 0], [0, 1]])
    found = impression_credits([1, 0, 1, 0, 0], credit, [3, 2])
    np.testing.assert_allclose(found, [[1.25, 0.75], [0, 0]])


def test_a_preference_by_hand() -> None:
    found = preference([1, 1, 2, 0, 0, 1], [0, 0, 1, 1, 0, 1], resampling=QUICK)
    assert (found.wins, found.losses, found.ties) == (3, 1, 2)
    assert found.share == 0.75
    assert found.delta == pytest.approx((3 + 2 / 2) / 6 - 0.5)
    assert found.margin.value == pytest.approx(2 / 6)
    assert found.p_sign == pytest.approx(binomtest(3, 4).pvalue)
    assert 0 < found.low < 0.75 < found.high < 1
    text = str(found)
    assert text.startswith("a wins 3, b wins 1, ties 2: a has 75.0% of the decided (95%: 19.4% to")
    assert "margin +0.3333 an impression" in text


def test_ties_alone_say_nothing() -> None:
    found = preference([0, 1], [0, 1])
    assert (found.share, found.low, found.high, found.p_sign, found.p_flip) == (0.5, 0, 1, 1, 1)
    assert found.margin.value == 0


def run(mix: Mix, quality: tuple[float, float], impressions: int, seed: int) -> Preference:
    """Two rankers of noisy relevance, interleaved; clicks are relevance times 1 / rank."""
    rng = np.random.default_rng(seed)
    clicks, credits = [], []
    for request in range(impressions):
        relevance = rng.random(12) < 0.25
        noise = rng.normal(0, 1, (2, 12))
        if quality[0] == quality[1]:
            noise[1] = noise[0]
        a, b = (np.argsort(-(q * relevance + n)) for q, n in zip(quality, noise, strict=True))
        shown = mix([a, b], generator(seed, str(request)), depth=6)
        seen = rng.random(6) < 1 / (1 + np.arange(6))
        clicks.append(seen & relevance[shown.items])
        credits.append(shown.credit)
    won = impression_credits(
        np.concatenate(clicks), np.concatenate(credits), np.full(impressions, 6)
    )
    return preference(won[:, 0], won[:, 1], resampling=QUICK)


@pytest.mark.parametrize("mix", [team_draft, probabilistic])
def test_the_better_ranker_wins(mix: Mix) -> None:
    found = run(mix, (2.5, 0.3), 400, seed=0)
    assert found.delta > 0
    assert found.margin.low > 0
    assert found.p_flip < 0.02
    worse = run(mix, (0.3, 2.5), 400, seed=1)
    assert worse.delta < 0
    assert worse.margin.high < 0


def test_a_ranker_against_itself_is_preferred_by_chance_alone() -> None:
    """Team-draft's tests reject at 5% in about a twentieth of experiments."""
    found = [run(team_draft, (1.0, 1.0), 60, seed) for seed in range(60)]
    assert sum(one.p_sign < 0.05 for one in found) <= 7
    assert sum(one.p_flip < 0.05 for one in found) <= 7
    wins, losses = sum(one.wins for one in found), sum(one.losses for one in found)
    assert binomtest(wins, wins + losses).pvalue > 0.01


def test_a_ranker_against_itself_always_ties_where_credit_is_marginalised() -> None:
    found = run(probabilistic, (1.0, 1.0), 60, seed=0)
    assert (found.wins, found.losses, found.ties) == (0, 0, 60)
    assert found.margin.value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("share", "power"), [(0.55, 0.8), (0.6, 0.9), (0.4, 0.8)])
def test_the_needed_impressions_have_the_power(share: float, power: float) -> None:
    """By the exact binomial of the sign test with all impressions decided."""
    n = needed_impressions(share, 1.0, power=power)
    wins = np.arange(n + 1)
    rejected = 2 * binom.cdf(np.minimum(wins, n - wins), n, 0.5) < 0.05
    assert binom.pmf(wins[rejected], n, share).sum() == pytest.approx(power, abs=0.02)
    assert needed_impressions(share, 0.1, power=power) == pytest.approx(10 * n, abs=10)


def test_clusters_of_impressions_are_drawn_together() -> None:
    a, b = np.tile([1.0, 0, 1, 1], 50), np.tile([0.0, 1, 0, 0], 50)
    users = np.tile(np.arange(4), 50)
    apart, together = (
        preference(a, b, cluster=ids, resampling=QUICK).margin for ids in (None, users)
    )
    assert (apart.n, together.n, together.unit) == (200, 4, "clusters of impressions")
    assert together.high - together.low > 3 * (apart.high - apart.low)


@pytest.mark.parametrize(
    ("share", "decided", "more", "message"),
    [
        (0.5, 0.5, {}, "a share other than 1/2 to find; got decided 0.5 and share 0.5"),
        (0.6, 0.0, {}, "There must be decided impressions"),
        (1.0, 0.5, {}, "`share` must be between 0 and 1; got 1.0"),
        (0.6, 0.5, {"power": 0.0}, "`power` must be between"),
    ],
)
def test_effects_that_cannot_be_found_are_refused(
    share: float, decided: float, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        needed_impressions(share, decided, **more)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: preference([], []), "at least one impression"),
        (lambda: preference([1.0], [1.0, 2.0]), "`b` must have one value for each of 1 rows"),
        (lambda: impression_credits([1, 0], np.ones(2), [2]), r"must be \(rows, rankings\)"),
        (lambda: impression_credits([1, 0], np.ones((2, 2)), [1]), "add up to the 2 rows"),
    ],
)
def test_credits_that_do_not_fit_are_refused(
    call: Callable[[], npt.NDArray[np.float64]], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        call()
