"""From counts of pairs to a curve."""

from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from features.errors import ConfigError, DataError
from ranking.propensity.interventions import METHODS, Interventions

TRUTH = np.array([1.0, 0.6, 0.3, 0.2])


def exact(relevance: Any = 0.4) -> Interventions:
    """Counts as they are expected, of pairs each with a relevance of its own."""
    shown = np.full((4, 4), 1000.0) * (1 - np.eye(4))
    shown[1, 2], shown[3, 0] = 400, 2000
    return Interventions(shown, shown * TRUTH[:, None] * relevance)


@pytest.mark.parametrize("method", METHODS)
def test_expected_counts_give_the_truth_back(method: str) -> None:
    random = np.random.default_rng(0).random((4, 4))
    found = exact(random + random.T).curve(method)
    assert found == pytest.approx(TRUTH, rel=1e-6)


def test_the_methods_by_hand() -> None:
    """Of neighbours 1/2 and then 1/4, but 1/4 between the ends."""
    shown = np.full((3, 3), 100.0)
    clicks = np.array([[0, 40, 40], [20, 0, 40], [10, 10, 0.0]])
    found = Interventions(shown, clicks)
    assert found.curve("chain") == pytest.approx([1, 0.5, 0.125])
    assert found.curve("pivot") == pytest.approx([1, 0.5, 0.25])


def test_pairs_are_near_the_likelihood_of_the_paper() -> None:
    """Agarwal et al. maximise a Bernoulli likelihood over p and a relevance of each pair."""
    random = np.random.default_rng(4)
    shown = np.round(random.uniform(500, 3000, size=(4, 4))) * (1 - np.eye(4))
    relevance = random.uniform(0.1, 0.5, size=(4, 4))
    chance = TRUTH[:, None] * (relevance + relevance.T) / 2
    clicks = random.binomial(shown.astype(int), chance).astype(float)
    above = np.triu_indices(4, 1)

    def loss(levels: Any) -> float:
        pair = np.zeros((4, 4))
        pair[above] = levels[3:]
        log = np.concatenate([[0.0], levels[:3]])[:, None] + pair + pair.T
        log = np.minimum(log, -1e-9)
        return -float((clicks * log + (shown - clicks) * np.log1p(-np.exp(log))).sum())

    best = minimize(loss, np.full(9, -1.0), method="BFGS", options={"gtol": 1e-2, "maxiter": 500})
    found = Interventions(shown, clicks).curve("pairs")
    assert found[1:] == pytest.approx(np.exp(best.x[:3]), rel=0.02)


def test_positions_that_nothing_links_are_refused() -> None:
    found = exact()
    found.clicks[2, :2] = 0
    found.clicks[3, 0] = 0
    found.check("pairs")  # 3 is linked with 1, and 2 with 3
    with pytest.raises(DataError, match="Position 2 .* the position above it.*method = 'pairs'"):
        found.check("chain")
    with pytest.raises(DataError, match="Position 2 .* the top"):
        found.check("pivot")
    found.clicks[3, :] = 0
    with pytest.raises(DataError, match="Position 2 .* leads to the top; .*, or depth = 2"):
        found.check("pairs")


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ConfigError, match="one of pairs, chain, pivot; got 'all'"):
        exact().check("all")
