"""The artefact: what it answers, and that a file is what was saved or a named error."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from features.errors import ConfigError, DataError
from ranking.propensity.propensity import Propensity
from ranking.propensity.trust_bias import TrustBias

GIVEN: dict[str, Any] = {
    "estimator": "randomised",
    "settings": {"draws": 200, "seed": 0},
    "examination": (1.0, 0.5, 0.04),
    "low": (1.0, 0.4, 0.01),
    "high": (1.0, 0.6, 0.2),
    "impressions": (100, 100, 90),
    "clicks": (30, 15, 1),
    "fingerprint": "0" * 64,
    "assumes": "Lists were shuffled.",
}


@pytest.fixture
def propensity() -> Propensity:
    return Propensity(**GIVEN)


def test_positions_beyond_the_depth_take_the_last_value(propensity: Propensity) -> None:
    found = propensity.at(np.array([2, 0, 1, 7], np.int32))
    assert found.dtype == np.float64
    assert found.tolist() == [0.04, 1.0, 0.5, 0.04]
    assert propensity.at(np.array([], np.int32)).shape == (0,)


def test_negative_positions_are_refused(propensity: Propensity) -> None:
    with pytest.raises(DataError, match="counted from 0 at the top; got -1"):
        propensity.at(np.array([0, -1], np.int32))


def test_clipped_changes_what_is_below_alone(propensity: Propensity) -> None:
    clipped = propensity.clipped(0.05)
    assert clipped.examination == (1.0, 0.5, 0.05)
    assert clipped.low == (1.0, 0.4, 0.05)
    assert clipped.high == propensity.high
    assert clipped.settings["minimum"] == 0.05
    assert Propensity.model_validate(clipped.model_dump()) == clipped


@pytest.mark.parametrize("minimum", [0.0, -1.0, 1.5, float("nan")])
def test_a_minimum_that_is_no_probability_is_refused(
    propensity: Propensity, minimum: float
) -> None:
    with pytest.raises(ConfigError, match="above 0 and at most 1"):
        propensity.clipped(minimum)


def test_what_is_saved_is_loaded(propensity: Propensity, tmp_path: Path) -> None:
    trust = TrustBias(alpha=(0.6, 0.3, 0.1), beta=(0.1, 0.03, 0.0))
    for one in (propensity, propensity.model_copy(update={"trust": trust})):
        one.save(tmp_path / "propensity.json")
        assert Propensity.load(tmp_path / "propensity.json") == one


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "must be of format 1; it says 2"),
        ({"more": 1}, "at 'more'"),
        ({"examination": [1, 0.5]}, "every position needs every number"),
        ({"examination": [0.9, 0.5, 0.04]}, "examination at the top must be 1"),
        ({"examination": [1, 0.9, 0.04]}, "at position 1 it is 0.9"),
        ({"examination": [1, float("nan"), 0.04]}, "at 'examination.1'"),
        ({"clicks": [30, 101, 1]}, "101 of 100"),
        ({"fingerprint": "none"}, "at 'fingerprint'"),
        ({"trust": {"alpha": [1.0], "beta": [0.0]}}, "every position needs every number"),
    ],
)
def test_a_damaged_file_is_refused(
    propensity: Propensity, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = tmp_path / "propensity.json"
    path.write_text(json.dumps({**propensity.model_dump(mode="json"), **change}))
    with pytest.raises(DataError, match=message) as refused:
        Propensity.load(path)
    assert "Estimate the propensities again." in str(refused.value)


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must exist"):
        Propensity.load(tmp_path / "propensity.json")


def test_it_cannot_be_changed(propensity: Propensity) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        propensity.examination = (1.0,)  # type: ignore[misc]
