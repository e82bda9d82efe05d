"""Learners that step down a loss, against a solved one."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from features.errors import DataError
from features.sigmoid import sigmoid
from ranking.propensity.relevance import Linear, Relevance, Trees


def test_a_line_is_ridge_logistic_regression() -> None:
    random = np.random.default_rng(0)
    features = random.normal(3, [1, 5, 0.1], size=(400, 3))
    label = (random.random(400) < sigmoid(features[:, 0] - 3)).astype(float)
    learner = Linear(l2=2.0).start(features, 0.0)
    gamma = np.full(400, 0.5)
    for _ in range(20):
        scores = learner.step(gamma - label, gamma * (1 - gamma))
        gamma = sigmoid(scores)
    wide = (features - features.mean(axis=0)) / features.std(axis=0)
    theirs = LogisticRegression(C=0.5, tol=1e-10).fit(wide, label)
    assert scores == pytest.approx(theirs.decision_function(wide), abs=1e-4)


def test_trees_learn_what_no_line_can() -> None:
    features = np.random.default_rng(0).normal(size=(2000, 1)).astype(np.float32)
    label = (np.abs(features[:, 0]) > 0.7).astype(float)
    learner = Trees(min_child_weight=1.0).start(features, 0.0)
    gamma = np.full(2000, 0.5)
    for _ in range(40):
        gamma = sigmoid(learner.step(gamma - label, gamma * (1 - gamma)))
    assert ((gamma > 0.5) == label).mean() > 0.99


def test_the_first_scores_are_those_asked_for() -> None:
    """A tree of no gradient changes nothing."""
    learner = Trees().start(np.arange(20.0)[:, None], -1.5)
    assert learner.step(np.zeros(20), np.ones(20)) == pytest.approx(np.full(20, -1.5))


@pytest.mark.parametrize("how", [Linear(), Trees()], ids=lambda how: how.type)
def test_features_that_cannot_be_read_are_refused(how: Relevance) -> None:
    with pytest.raises(DataError, match="shape"):
        how.start(np.zeros(3), 0.0)
    with pytest.raises(DataError, match="numbers"):
        how.start(np.array([["a"], ["b"]]), 0.0)
    with pytest.raises(DataError, match="column 1 holds inf"):
        how.start(np.array([[0.0, np.inf], [1.0, 2.0]]), 0.0)


def test_only_trees_take_missing_values() -> None:
    features = np.array([[np.nan], [1.0]])
    assert Trees().start(features, 0.0).step(np.zeros(2), np.ones(2)).shape == (2,)
    with pytest.raises(DataError, match=r"column 0 holds nan.*Trees"):
        Linear().start(features, 0.0)
