import itertools

import numpy as np
import pytest

from features.errors import ConfigError, DataError
from pipelines.metrics.auc import AUC
from pipelines.metrics.loss import Brier, LogLoss
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranking import MRR
from pipelines.uncertainty.clusters import ROW, Clusters
from pipelines.uncertainty.differences import differences, minimum_detectable
from pipelines.uncertainty.resample import swapped
from pipelines.uncertainty.smooth import Smooth
from pipelines.uncertainty.statistics import statistic
from pipelines.uncertainty.wins import wins
from ranking.off_policy.resampling import Resampling

FORMS = ("AUC", "LogLoss", "NE", "PCOC", "ECE(bins=5)", "GAUC(query)", "nDCG@3", "MRR")


def pair(seed: int = 0, users: int = 60, gap: float = 0.5) -> tuple[Predictions, Predictions]:
    """Two scorers of the same rows; the second knows the truth better by `gap`."""
    rng = np.random.default_rng(seed)
    query = np.repeat(np.arange(users), 6)
    truth = rng.normal(size=query.size) + rng.normal(size=users)[query] - 0.5
    labels = (rng.random(query.size) < 1 / (1 + np.exp(-truth))).astype(float)
    noise = rng.normal(size=(2, query.size))
    logits = truth + noise[0], truth + noise[1] * (1 - gap)
    groups = {"query": query}
    one, other = (Predictions(labels, 1 / (1 + np.exp(-z)), None, groups) for z in logits)
    return one, other


@pytest.mark.parametrize("form", FORMS)
def test_turned_round_the_difference_turns_its_sign(form: str) -> None:
    one, other = pair()
    metric = parse_metric(form)
    found = differences([metric], one, other)[form]
    back = differences([metric], other, one)[form]
    assert found.value == pytest.approx(metric.compute(other) - metric.compute(one))
    assert back.value == -found.value
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))
    assert found.low < found.value < found.high
    assert back.p_value == pytest.approx(found.p_value, abs=0.02)
    assert found.units == 60
    assert found.unit == "query"


@pytest.mark.parametrize("form", FORMS)
def test_a_scorer_does_not_differ_from_itself(form: str) -> None:
    one, _ = pair()
    same = Predictions(one.labels, one.scores.copy(), None, one.groups)
    found = differences([parse_metric(form)], one, same)[form]
    assert (found.value, found.low, found.high, found.p_value) == (0, 0, 0, 1)
    assert not found.shown
    assert found.better is None


def test_a_better_scorer_is_shown_to_be_better() -> None:
    found = differences([AUC(), LogLoss(), MRR()], *pair(users=400, gap=0.9))
    assert all(one.shown and one.better for one in found.values())
    assert found["LogLoss"].value < 0 < found["AUC"].value
    assert found["AUC"].test == "DeLong"
    assert found["LogLoss"].test == "permutation"
    assert found["LogLoss"].adjusted >= found["LogLoss"].p_value


def _smooth(metric: Metric, data: Predictions, clusters: Clusters) -> Smooth:
    found = statistic(metric, data, clusters, 0)
    assert found is not None
    return found[0]


def test_permutation_is_of_all_swaps() -> None:
    one, other = pair(users=9)
    metric = Brier()
    clusters = Clusters.by(one, "query")
    first, second = (_smooth(metric, data, clusters) for data in (one, other))
    observed, reached = abs(metric.compute(one) - metric.compute(other)), 0
    for swap in itertools.product([False, True], repeat=9):
        swapped_rows = np.array(swap)[one.groups["query"]]
        a = Predictions(one.labels, np.where(swapped_rows, other.scores, one.scores))
        b = Predictions(one.labels, np.where(swapped_rows, one.scores, other.scores))
        reached += abs(metric.compute(a) - metric.compute(b)) >= observed * (1 - 1e-9)
    found = swapped(first, second, Resampling(resamples=20_000))
    assert found == pytest.approx(reached / 2**9, abs=0.015)


def test_correlated_rows_leave_more_to_chance() -> None:
    rng = np.random.default_rng(0)
    one, _ = pair(users=80)
    shared = rng.normal(size=80)[one.groups["query"]]
    other = Predictions(one.labels, 1 / (1 + np.exp(-shared)), None, one.groups)
    by_row = differences([LogLoss()], one, other, ROW)["LogLoss"]
    assert differences([LogLoss()], one, other)["LogLoss"].error > 1.1 * by_row.error


def test_wins_by_hand() -> None:
    labels, query = np.array([1.0, 0, 1, 0, 1, 0, 0, 0]), np.repeat(list("abcd"), 2)
    groups = {"query": query}
    one = Predictions(labels, np.array([1.0, 2, 1, 2, 2, 1, 2, 1]), None, groups)
    other = Predictions(labels, np.array([2.0, 1, 2, 1, 2, 1, 1, 2]), None, groups)
    found = wins(MRR(), one, other)
    assert (found.wins, found.losses, found.ties, found.skipped) == (2, 0, 1, 1)
    assert found.p_value == pytest.approx(0.5)  # two heads or two tails


def test_other_rows_and_columns_are_refused() -> None:
    one, other = pair()
    flipped = Predictions(1 - one.labels, one.scores, None, one.groups)
    with pytest.raises(DataError, match="labels differ"):
        differences([AUC()], one, flipped)
    with pytest.raises(ConfigError, match="'users'"):
        differences([AUC()], one, other, "users")


@pytest.mark.slow
def test_the_detectable_difference_is_shown_in_four_of_five_logs() -> None:
    found = [differences([LogLoss()], *pair(seed, 150, 0.15))["LogLoss"] for seed in range(300)]
    error = np.std([one.value for one in found])
    assert np.mean([one.error for one in found]) == pytest.approx(error, rel=0.1)
    wanted = minimum_detectable(error, 0.95)
    shown = np.mean([abs(one.value) > 1.96 * one.error for one in found])
    from scipy.stats import norm

    power = norm.sf(1.96 - abs(np.mean([one.value for one in found])) / error)
    assert shown == pytest.approx(power, abs=0.07)
    assert wanted == pytest.approx(2.80 * error, rel=0.01)
