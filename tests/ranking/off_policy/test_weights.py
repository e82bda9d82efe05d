"""Weights, and what they warn of."""

import numpy as np
import pytest

from features.errors import ConfigError, DataError
from ranking.off_policy.weights import Weights, effective_share, unsupported


def test_the_effective_share_is_kishs() -> None:
    assert effective_share(np.ones(7)) == 1.0
    assert effective_share(np.array([1.0, 0, 0, 0])) == 0.25
    assert effective_share(np.array([3.0, 1])) == 16 / 20
    assert effective_share(np.zeros(3)) == 0.0


def test_clipping_says_what_it_changed() -> None:
    """Weights 1, 1, 1, 7 cut at 3: one of four, and 4 of the sum of 10."""
    weights = Weights.item_position([0.1, 0.1, 0.1, 0.7], [0.1] * 4, largest=3)
    np.testing.assert_allclose(weights.rows, [1, 1, 1, 3])
    assert weights.clipped == 0.25
    assert weights.cut == pytest.approx(0.4)
    assert weights.ess == pytest.approx(4 * 36 / (4 * 12))


def test_products_of_a_cascade_are_cut_and_not_their_factors() -> None:
    weights = Weights.cascade([0.8, 0.8, 0.2], [0.4] * 3, [3], largest=3)
    np.testing.assert_allclose(weights.rows, [2, 3, 2])
    np.testing.assert_allclose(weights.before, [1, 2, 3])


def logged(rng: np.random.Generator, chance: list[float], rounds: int) -> np.ndarray:
    return rng.choice(len(chance), size=rounds, p=chance)


def test_what_the_log_never_shows_is_told() -> None:
    """The new policy shows action 2 in 60% of rounds; the logger never does."""
    action = logged(np.random.default_rng(0), [0.5, 0.5, 0.0], 5000)
    new, old = np.array([0.2, 0.2, 0.6]), np.array([0.5, 0.5, 0.0])
    (warning,) = Weights.item_position(new[action], old[action]).warnings
    assert "the weights average 0.4 where 1 is expected: about 60% of what the new" in warning


def test_weights_of_a_log_that_supports_the_policy_warn_of_nothing() -> None:
    old, new = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.2, 0.6])
    action = logged(np.random.default_rng(1), [0.5, 0.3, 0.2], 5000)
    assert Weights.item_position(new[action], old[action]).warnings == ()


def test_one_heavy_row_is_told() -> None:
    warnings = " ".join(Weights.item_position([0.9] * 300, [0.9] * 299 + [0.001]).warnings)
    assert "effective sample is 1.8" in warnings
    assert "one row carries 75% of all weight (a weight of 900)" in warnings


def test_the_share_that_has_no_support_is_exact_where_both_policies_are_known() -> None:
    new = [[0.5, 0.25, 0.25], [0.0, 1.0, 0.0]]
    old = [[0.0, 0.9999, 0.0001], [0.5, 0.5, 0.0]]
    never, hardly = unsupported(new, old)
    assert (never, hardly) == pytest.approx((0.25, 0.125))


@pytest.mark.parametrize(
    ("target", "shown", "sizes", "message"),
    [
        ([0.5, 0.5], [0.5, 0.0], None, "`logged` must hold probabilities from above 0 to 1; 1 of"),
        ([0.5, 1.5], [0.5, 0.5], None, "`target` must hold probabilities from 0 to 1; 1 of 2"),
        ([0.5, -0.5], [0.5, 0.5], None, "`target` must .* the first is -0.5"),
        ([0.5, np.nan], [0.5, 0.5], None, "`target` must be finite"),
        ([0.5], [0.5, 0.5], None, "`logged` must have one value for each of 1 rows"),
        ([], [], None, "at least one row"),
        ([0.5, 0.5], [0.5, 0.5], [1], r"add up to the 2 rows; got 1 sizes that add up to 1"),
        ([0.5, 0.5], [0.5, 0.5], [2, 0], "the least 0"),
    ],
)
def test_bad_propensities_are_refused(
    target: list[float], shown: list[float], sizes: list[int] | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Weights.item_position(target, shown, sizes)


def test_a_bound_that_cuts_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="largest weight must be above 0; got 0"):
        Weights.cascade([0.5], [0.5], largest=0)
