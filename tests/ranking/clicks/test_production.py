import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import ndcg_score

from features.errors import ConfigError, DataError
from ranking.clicks.production import Production

QUERIES, SIZE = 60, 8
RNG = np.random.default_rng(0)
MATRIX = RNG.standard_normal((QUERIES * SIZE, 5)).astype(np.float32)
GRADE = np.clip(np.rint(MATRIX[:, 0] + RNG.standard_normal(len(MATRIX))), 0, 2).astype(np.int64)
SIZES = np.full(QUERIES, SIZE)


def scores(text: str, seed: int = 0) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return Production.parse(text).scores(MATRIX, GRADE, SIZES, rng)


def ndcg(text: str) -> float:
    grade = GRADE.reshape(QUERIES, SIZE)
    some = grade.any(axis=1)
    return float(ndcg_score(grade[some], scores(text).reshape(QUERIES, SIZE)[some]))


def test_strength() -> None:
    """The more a logger knows, the better it orders."""
    assert ndcg("random") < ndcg("mixed:0.5") < ndcg("mixed:0.9") < ndcg("mixed:1")
    assert ndcg("random") < ndcg("trained:0.1") < ndcg("strong") < ndcg("trained:1")


@pytest.mark.parametrize("text", ["weak", "strong", "random", "trained:0.2", "mixed:0.7"])
def test_scores(text: str) -> None:
    """The same seed gives the same, another seed others; no two documents tie."""
    found = scores(text)
    np.testing.assert_array_equal(found, scores(text))
    assert not np.array_equal(found, scores(text, seed=1))
    assert len(np.unique(found)) == len(found)
    assert str(Production.parse(text)) == text


def test_oracle_orders_by_grade() -> None:
    assert (np.diff(GRADE[np.argsort(-scores("mixed:1"))]) <= 0).all()


@pytest.mark.parametrize(
    "text", ["", "good", "trained", "trained:0", "trained:2", "mixed:-1", "mixed:x", "mixed:nan"]
)
def test_others_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="weak, strong, random, trained:SHARE or mixed:STRENGTH"):
        Production.parse(text)


def test_nothing_to_learn_from() -> None:
    with pytest.raises(DataError, match="none of 2 does"):
        Production.parse("weak").scores(
            MATRIX[:4], np.array([1, 1, 0, 0]), np.array([2, 2]), np.random.default_rng(0)
        )
