import numpy as np
import pytest

from ranking.clicks.measures import log_likelihood, perplexity


def test_log_likelihood_by_hand() -> None:
    given = np.array([0.5, 0.2, 0.9])
    click = np.array([1, 0, 0])
    expected = (np.log(0.5) + np.log(0.8) + np.log(0.1)) / 2
    assert log_likelihood(given, click, np.array([2, 1])) == pytest.approx(expected)


def test_what_was_held_impossible_costs_much_and_not_all() -> None:
    lost = log_likelihood(np.array([0.0]), np.array([1]), np.array([1]))
    assert lost == pytest.approx(np.log(1e-12))


def test_perplexity_by_hand() -> None:
    probability = np.array([0.5, 0.5, 0.25, 1.0])
    click = np.array([1, 0, 0, 1])
    found = perplexity(probability, click, np.array([0, 0, 1, 3]))
    np.testing.assert_allclose(found, [2.0, 1 / 0.75, np.nan, 1.0])


def test_no_constant_is_less_perplexed_than_the_click_rate() -> None:
    click = np.random.default_rng(0).random(1_000) < 0.3
    position = np.zeros(1_000, dtype=np.int64)
    rates = np.append(np.linspace(0.05, 0.95, 19), click.mean())
    found = [perplexity(np.full(1_000, rate), click, position)[0] for rate in rates]
    assert int(np.argmin(found)) == 19
    share = click.mean()
    entropy = -(share * np.log2(share) + (1 - share) * np.log2(1 - share))
    assert min(found) == pytest.approx(2**entropy)
