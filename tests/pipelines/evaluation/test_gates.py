import pytest

from features.errors import ConfigError
from pipelines.evaluation.gates import MaxDrop, Require
from pipelines.uncertainty.intervals import Interval


def found(**values: float) -> dict[str, Interval]:
    return {
        name.replace("_", "@"): Interval(value, value - 0.02, value + 0.02, 0.95, 0.01, 9, "row")
        for name, value in values.items()
    }


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("AUC>=0.8", True),
        ("AUC >= .81", False),
        ("AUC<8e-1", False),
        ("low(AUC)>0.77", True),
        ("high(AUC)<0.81", False),
        ("PCOC in [0.98,1.02]", True),
        ("PCOC in [1.001, 1.02]", False),
        ("nDCG@10>=0.4", False),  # of the ranker, since there is one
        ("ctr:nDCG@10>=0.4", True),
    ],
)
def test_requirements(text: str, passed: bool) -> None:
    scorers = {"ctr": found(AUC=0.8, PCOC=1.0, nDCG_10=0.5), "ranker": found(AUC=0.1, nDCG_10=0.3)}
    verdict = Require.parse(text).judge(scorers)
    assert verdict.passed is passed
    assert bool(verdict.reason) is not passed


@pytest.mark.parametrize(
    ("text", "passed"),
    [("AUC 0.01", True), ("AUC 0.001", False), ("LogLoss 0.1", True), ("LogLoss 0", True)],
)
def test_drops_are_for_the_worse(text: str, passed: bool) -> None:
    changes = {"ctr": {"AUC": -0.005, "LogLoss": -0.2}}
    assert MaxDrop.parse(text).judge("b", changes).passed is passed


@pytest.mark.parametrize("text", ["AUC", "AUC=0.8", "AUC>=x", "AUC in 1,2", "AUC>=0.8 ok"])
def test_what_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        Require.parse(text)


@pytest.mark.parametrize("text", ["AUC", "AUC -0.1", "PCOC 0.1", "0.1"])
def test_what_is_no_drop_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        MaxDrop.parse(text)
