"""Estimators of policies: exact over every list that may be logged, by hand, and by their laws."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from features.errors import DataError
from ranking.off_policy.policies import dm, dr, ips, on_policy, snips
from ranking.off_policy.resampling import Resampling
from ranking.off_policy.weights import Weights

Floats = npt.NDArray[np.float64]
SlateWorld = Any  # of conftest.py
QUICK = Resampling(resamples=100)


def test_ips_by_hand() -> None:
    """Weights 2, 0.5, 1; rewards 1, 1, 0: (2 + 0.5) / 3, and over the weights 2.5 / 3.5."""
    weights = Weights.item_position([0.8, 0.2, 0.3], [0.4, 0.4, 0.3])
    np.testing.assert_allclose(ips([1, 1, 0], weights, resampling=QUICK).values, [2, 0.5, 0])
    assert ips([1, 1, 0], weights, resampling=QUICK).value == pytest.approx(2.5 / 3)
    assert snips([1, 1, 0], weights, resampling=QUICK).value == pytest.approx(2.5 / 3.5)


def test_dr_by_hand() -> None:
    """Expected .5 each, residuals .4, .6, -.2 of weights 2, .5, 1."""
    weights = Weights.item_position([0.8, 0.2, 0.3], [0.4, 0.4, 0.3])
    found = dr([1, 1, 0], weights, [0.6, 0.4, 0.2], [0.5, 0.5, 0.5], resampling=QUICK)
    np.testing.assert_allclose(found.values, [0.5 + 0.8, 0.5 + 0.3, 0.5 - 0.2])


def test_cascade_by_hand() -> None:
    """Ratios 2 and 0.5, then 3: the second row has 2 x 0.5, and the next round starts anew."""
    weights = Weights.cascade([0.8, 0.2, 0.9], [0.4, 0.4, 0.3], [2, 1])
    np.testing.assert_allclose(weights.rows, [2, 1, 3])
    np.testing.assert_allclose(weights.before, [1, 2, 1])
    np.testing.assert_allclose(ips([1, 1, 1], weights, resampling=QUICK).values, [3, 3])
    # Positions are normalised apart: 1 at the first (in both rounds), 1 at the second (in half).
    assert snips([1, 1, 1], weights, resampling=QUICK).value == pytest.approx(1.5)


def test_item_position_ips_is_unbiased_where_rewards_depend_on_item_and_position(
    slates: SlateWorld,
) -> None:
    reward = slates.item_rewards(np.random.default_rng(0))
    truth = slates.new_chance @ reward.sum(axis=1)
    found = ips(reward.ravel(), slates.item_position(), resampling=QUICK).values
    assert slates.log_chance @ found == pytest.approx(truth, rel=1e-12)


def test_only_the_cascade_form_is_unbiased_where_rewards_depend_on_what_stands_above(
    slates: SlateWorld,
) -> None:
    reward = slates.cascade_rewards(np.random.default_rng(1))
    truth = slates.new_chance @ reward.sum(axis=1)
    cascade = ips(reward.ravel(), slates.cascade(), resampling=QUICK).values
    apart = ips(reward.ravel(), slates.item_position(), resampling=QUICK).values
    assert slates.log_chance @ cascade == pytest.approx(truth, rel=1e-12)
    assert abs(slates.log_chance @ apart - truth) > 0.01


def cascade_model(slates: SlateWorld, noise: float) -> tuple[Floats, Floats, Floats]:
    """Rewards, and a model of the value to go of each prefix: of that row, and before it."""
    rng = np.random.default_rng(2)
    reward = slates.cascade_rewards(rng)
    chance, lists = slates.new_chance, slates.slates

    def mean(rows: Floats, prefix: tuple[int, ...]) -> float:
        inside = np.array([one[: len(prefix)] == prefix for one in lists])
        return float(chance[inside] @ rows[inside] / chance[inside].sum())

    to_go = reward[:, ::-1].cumsum(axis=1)[:, ::-1]
    q = {
        one[: n + 1]: mean(to_go[:, n], one[: n + 1]) + noise * rng.normal()
        for one in lists
        for n in range(3)
    }
    predicted = np.array([[q[one[: n + 1]] for n in range(3)] for one in lists])
    expected = np.array([[mean(predicted[:, n], one[:n]) for n in range(3)] for one in lists])
    return reward, predicted, expected


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_cascade_dr_is_unbiased_with_any_model_and_exact_variance_falls_with_a_good_one(
    slates: SlateWorld, noise: float
) -> None:
    reward, predicted, expected = cascade_model(slates, noise)
    truth = slates.new_chance @ reward.sum(axis=1)
    weights = slates.cascade()
    plain = ips(reward.ravel(), weights, resampling=QUICK).values
    doubly = dr(
        reward.ravel(), weights, predicted.ravel(), expected.ravel(), resampling=QUICK
    ).values
    chance = slates.log_chance
    assert chance @ doubly == pytest.approx(truth, rel=1e-12)
    assert chance @ (doubly - truth) ** 2 < 0.6 * (chance @ (plain - truth) ** 2)


def test_item_position_dr_is_unbiased_with_any_model(slates: SlateWorld) -> None:
    rng = np.random.default_rng(3)
    reward, wrong = slates.item_rewards(rng), slates.item_rewards(rng)
    expected = np.tile(slates.new_chance @ wrong, (len(wrong), 1))
    found = dr(
        reward.ravel(), slates.item_position(), wrong.ravel(), expected.ravel(), resampling=QUICK
    ).values
    truth = slates.new_chance @ reward.sum(axis=1)
    assert slates.log_chance @ found == pytest.approx(truth, rel=1e-12)


def slot_log(rng: np.random.Generator, rounds: int, actions: int = 5) -> dict[str, Floats]:
    """A slot bandit whose click rates and policies are known, and a fair model of the rates."""
    rate = rng.uniform(0.05, 0.4, (rounds, actions))
    logger, new = rng.dirichlet(np.full(actions, 2.0), (2, rounds))
    action = (rng.random((rounds, 1)) > logger.cumsum(axis=1)).sum(axis=1).clip(0, actions - 1)
    row = np.arange(rounds)
    model = rate + rng.normal(0, 0.05, rate.shape)
    return {
        "reward": (rng.random(rounds) < rate[row, action]).astype(np.float64),
        "target": new[row, action],
        "logged": logger[row, action],
        "predicted": model[row, action],
        "expected": (new * model).sum(axis=1),
        "truth": (new * rate).sum(axis=1),
    }


def test_many_small_logs_average_to_the_truth() -> None:
    rng = np.random.default_rng(4)
    errors: dict[str, list[float]] = {"ips": [], "snips": [], "dr": [], "on policy": []}
    for _ in range(300):
        log = slot_log(rng, 200)
        weights = Weights.item_position(log["target"], log["logged"])
        truth, reward = log["truth"].mean(), log["reward"]
        errors["ips"].append(ips(reward, weights, resampling=QUICK).value - truth)
        errors["snips"].append(snips(reward, weights, resampling=QUICK).value - truth)
        doubly = dr(reward, weights, log["predicted"], log["expected"], resampling=QUICK)
        errors["dr"].append(doubly.value - truth)
    for name in ("ips", "snips", "dr"):
        found = np.array(errors[name])
        assert abs(found.mean()) < 4 * found.std() / np.sqrt(len(found)), name
    assert np.var(errors["dr"]) < 0.9 * np.var(errors["ips"])
    assert np.var(errors["snips"]) < np.var(errors["ips"])


@pytest.mark.parametrize("form", ["item_position", "cascade"])
def test_dr_is_dm_without_residuals_and_ips_without_a_model(slates: SlateWorld, form: str) -> None:
    rng = np.random.default_rng(5)
    rows = len(slates.slates) * 3
    weights = getattr(slates, form)()
    reward, expected, zero = rng.random(rows), rng.random(rows), np.zeros(rows)
    no_model = dr(reward, weights, zero, zero, resampling=QUICK).values
    np.testing.assert_array_equal(no_model, ips(reward, weights, resampling=QUICK).values)
    right = dr(reward, weights, reward, expected, resampling=QUICK).values
    model = dm(weights.before * expected, slates.sizes, resampling=QUICK).values
    np.testing.assert_allclose(right, model, rtol=1e-12)


def test_a_constant_added_to_rewards_adds_just_that_to_snips(slates: SlateWorld) -> None:
    """At 3 positions it adds 3 of it, whatever the weights; IPS has no such law."""
    reward = np.random.default_rng(6).random(len(slates.slates) * 3)
    for weights in (slates.cascade(), slates.item_position(), slates.cascade(largest=1.5)):
        before = snips(reward, weights, resampling=QUICK)
        after = snips(reward + 10, weights, resampling=QUICK)
        assert after.value - before.value == pytest.approx(30, rel=1e-12)
        assert after.high - before.high == pytest.approx(30, rel=1e-9)


def test_the_logger_itself_is_worth_what_it_earned() -> None:
    log = slot_log(np.random.default_rng(7), 500)
    sizes = [2] * 250
    weights = Weights.item_position(log["logged"], log["logged"], sizes)
    reference = on_policy(log["reward"], sizes)
    for found in (ips(log["reward"], weights), snips(log["reward"], weights)):
        assert found.value == pytest.approx(reference.value, rel=1e-12)
        assert found.low == pytest.approx(reference.low, rel=1e-9)
        assert found.ess == pytest.approx(250)
        assert not found.warnings


def test_a_million_rounds_are_estimated_as_a_thousand_are() -> None:
    """Many units are dealt into bags: the interval is that of the normal law."""
    log = slot_log(np.random.default_rng(8), 100_000)
    found = ips(log["reward"], Weights.item_position(log["target"], log["logged"]))
    error = found.values.std() / np.sqrt(found.n)
    assert found.low == pytest.approx(found.value - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(found.value + 1.96 * error, abs=0.15 * error)


def test_rounds_of_one_user_count_as_one() -> None:
    """Each round ten times over: nothing is known better than from one each."""
    log = slot_log(np.random.default_rng(9), 300)
    weights = Weights.item_position(log["target"], log["logged"])
    once = ips(log["reward"], weights)
    again = Weights.item_position(*(np.tile(log[name], 10) for name in ("target", "logged")))
    reward, user = np.tile(log["reward"], 10), np.tile(np.arange(300), 10)
    clustered = ips(reward, again, cluster=user)
    assert (clustered.n, clustered.unit) == (300, "clusters of rounds")
    assert clustered.value == pytest.approx(once.value)
    assert clustered.high - clustered.low == pytest.approx(once.high - once.low, rel=1e-6)
    apart = ips(reward, again)
    assert apart.high - apart.low < 0.4 * (once.high - once.low)


def test_arrays_that_do_not_fit_are_refused() -> None:
    weights = Weights.item_position([0.5, 0.5], [0.5, 0.5])
    with pytest.raises(DataError, match=r"`reward` must have one value for each of 2 rows"):
        ips([1, 0, 1], weights)
    with pytest.raises(DataError, match=r"`reward` must be finite; 1 of 2 .* in row 1"):
        snips([1, np.nan], weights)
    with pytest.raises(DataError, match=r"one cluster id for each of 2 units"):
        ips([1, 0], weights, cluster=[1])


def test_an_estimate_prints_what_it_is() -> None:
    found = ips([1, 1, 0, 1], Weights.item_position([0.6] * 4, [0.4] * 4, largest=1.2))
    lines = str(found).splitlines()
    assert lines[0].startswith("IPS 0.9 (95%: ")
    assert lines[0].endswith("4 rounds, effective sample 4 rounds, 100.00% of weights clipped")
    assert "average 1.5 where 1 is expected: the logged propensities" in lines[1]
    assert "effective sample is 4.0, below 100" in lines[2]
    assert "one row carries 25% of all weight" in lines[3]
    assert "clipping cut 100.00% of the weights and with them 20.0% of their sum" in lines[4]
    assert "only 3 of 4 rounds carry a reward" in lines[5]


def test_rounds_may_differ_in_length_and_be_long() -> None:
    """Products of the cascade are NumPy's; a constant adds just that beyond place 50 too."""
    rng = np.random.default_rng(10)
    sizes = np.array([1, 60, 3, 2, 60])
    target, logged = rng.uniform(0.4, 0.6, (2, sizes.sum()))
    weights = Weights.cascade(target, logged, sizes)
    ends = np.cumsum(sizes)[:-1]
    each = [np.cumprod(one) for one in np.split(target / logged, ends)]
    np.testing.assert_allclose(weights.rows, np.concatenate(each))
    before = np.concatenate([[1.0, *one[:-1]] for one in each])
    np.testing.assert_allclose(weights.before, before)
    reward = rng.random(sizes.sum())
    plain, more = (snips(one, weights, resampling=QUICK).value for one in (reward, reward + 1))
    assert more - plain == pytest.approx(sizes.mean())
