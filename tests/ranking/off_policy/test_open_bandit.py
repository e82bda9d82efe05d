"""The Open Bandit Dataset's sample (Saito et al., 2020, CC BY 4.0): two policies, each on-policy.

A log of one policy estimates the click rate of the other, whose own log has the answer.
"""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ranking.off_policy.estimate import Estimate
from ranking.off_policy.policies import dr, ips, on_policy, snips
from ranking.off_policy.weights import Weights

SAMPLE = Path(__file__).resolve().parents[4] / "shared" / "data" / "open_bandit"
pytestmark = pytest.mark.skipif(not SAMPLE.exists(), reason="the Open Bandit sample is absent")


def read(policy: str, campaign: str) -> pl.DataFrame:
    columns = ["item_id", "position", "click", "propensity_score"]
    return pl.read_csv(SAMPLE / f"{policy}_{campaign}.csv.gz", columns=columns)


def agrees(found: Estimate, truth: Estimate) -> None:
    """Both are estimates: the difference is within what both may vary."""
    errors = [one.values.std() / np.sqrt(one.n) for one in (found, truth)]
    assert abs(found.value - truth.value) < 2.5 * np.hypot(*errors)
    assert found.low <= truth.value <= found.high


@pytest.mark.parametrize("campaign", ["men", "women"])
def test_the_random_log_estimates_thompson_sampling(campaign: str) -> None:
    """Its probabilities are how often its own log shows each item at each position."""
    log, bts = read("random", campaign), read("bts", campaign)
    counts = bts.group_by("item_id", "position").len("count")
    often = (pl.col("count") / pl.col("count").sum().over("position")).alias("target")
    target = log.join(
        counts.with_columns(often), on=["item_id", "position"], how="left", maintain_order="left"
    )["target"].fill_null(0)
    weights = Weights.item_position(target, log["propensity_score"])
    truth = on_policy(bts["click"])
    assert weights.warnings == ()
    for found in (ips(log["click"], weights), snips(log["click"], weights)):
        agrees(found, truth)
    # A model of each position's click rate, by the log itself: no item is known better.
    rate = log["click"].mean()
    assert isinstance(rate, float)
    flat = np.full(log.height, rate)
    agrees(dr(log["click"], weights, flat, flat), truth)


@pytest.mark.parametrize("campaign", ["men", "women"])
def test_the_log_of_thompson_sampling_estimates_the_random_policy(campaign: str) -> None:
    """Its true propensities go down to one in a million, which the estimate has to say."""
    log, random = read("bts", campaign), read("random", campaign)
    target = np.full(log.height, 1 / random["item_id"].n_unique())
    weights = Weights.item_position(target, log["propensity_score"])
    truth = on_policy(random["click"])
    agrees(ips(log["click"], weights), truth)
    agrees(snips(log["click"], weights), truth)
    if campaign == "women":
        assert "effective sample is 2.1" in weights.warnings[0]
        assert "a weight of 2.174e+04" in weights.warnings[1]
    else:
        assert weights.warnings == ()
