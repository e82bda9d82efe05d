from typing import Any, get_args

import numpy as np
import pytest
from pydantic import ValidationError

from pipelines.simulator.audience import Audience
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import simulate
from ranking.clicks.users import UserKind

# Click rates that these users can have.
CTR = {"pbm": 0.1, "cascade": 0.08, "ubm": 0.1, "trust": 0.15}


@pytest.mark.parametrize(
    ("eta", "expected"),
    [(0.0, [1, 1, 1, 1]), (1.0, [1, 1 / 2, 1 / 3, 1 / 4]), (2.0, [1, 1 / 4, 1 / 9, 1 / 16])],
)
def test_examination_by_hand(eta: float, expected: list[float]) -> None:
    audience, relevance = Audience("pbm", eta, 4), np.random.default_rng(0).random((3, 4))
    np.testing.assert_allclose(audience.examination(relevance), [expected] * 3)
    np.testing.assert_allclose(audience.click_probability(relevance), relevance * expected)


@pytest.mark.parametrize("users", get_args(UserKind))
def test_a_log_of_all_users(users: UserKind, make: Any, rows: Any, tmp_path: Any) -> None:
    """Clicks come as often as was asked for, and as its truth says."""
    simulation = simulate(make(click_model=users, ctr=CTR[users]), tmp_path / "log")
    oracle = simulation.oracle
    assert oracle.expected_ctr == pytest.approx(CTR[users], rel=0.06)
    assert oracle.ctr == pytest.approx(oracle.expected_ctr, rel=0.06)
    truth, log = (rows(simulation.path / name).to_pandas() for name in ("truth", "log"))
    by_position = truth.groupby("position")["examination"].mean()
    np.testing.assert_allclose(simulation.examination, by_position)
    clicks = log.groupby("query_id")["click"].sum()
    assert (clicks.max() == 1) == (users == "cascade")
    assert (truth["click_probability"] > truth["relevance"]).any() == (users == "trust")
    assert simulation.oracle_between(0) == oracle


def test_click_rates_that_users_cannot_have() -> None:
    with pytest.raises(ValidationError, match=r"ctr must be at most 0\.100"):
        SimulatorConfig(click_model="cascade", ctr=0.11)
    with pytest.raises(ValidationError, match=r"ctr must be above 0\.1.*'trust'"):
        SimulatorConfig(click_model="trust", ctr=0.05)
