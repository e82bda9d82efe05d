"""Intervals against SciPy's bootstrap, and how often they hold the truth."""

import math

import numpy as np
import pytest
from scipy import stats

from features.errors import ConfigError
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import Predictions
from pipelines.uncertainty.intervals import intervals
from ranking.off_policy.resampling import Resampling

FORMS = ("AUC", "LogLoss", "NE", "PCOC", "Brier", "ECE(bins=10)", "GAUC(user)", "nDCG@3")
FEW = Resampling(resamples=100)


def log(
    rng: np.random.Generator, users: int, size: int = 1, shared: float = 0.0, rate: float = 0.2
) -> Predictions:
    """Rows of users whose tastes, and whose fit by the model, are shared by their rows."""
    many = np.ones(users, np.intp) if size == 1 else 1 + rng.poisson(size - 1, users)
    user = np.repeat(np.arange(users), many)
    taste, fault = shared * rng.normal(size=(2, users))[:, user]
    seen = rng.normal(size=user.size)
    base = math.log(rate / (1 - rate)) - 0.6
    labels = rng.random(user.size) < 1 / (1 + np.exp(-base - seen - taste))
    logits = base + 0.3 + seen + 0.7 * fault + 0.5 * rng.normal(size=user.size)
    scores = 1 / (1 + np.exp(-logits))
    return Predictions(labels.astype(float), scores, None, {"user": user, "query": user})


@pytest.mark.parametrize("form", FORMS)
def test_the_error_is_that_of_scipys_bootstrap(form: str) -> None:
    """Users drawn by SciPy, each drawn one a user of its own, and the metric of all their rows."""
    data = log(np.random.default_rng(3), 150, 8, 1.0)
    metric, user = parse_metric(form), data.groups["user"]
    rows = np.split(np.arange(user.size), np.flatnonzero(np.diff(user)) + 1)

    def of_users(drawn: np.ndarray) -> float:
        chosen = [rows[int(one)] for one in drawn]
        at = np.concatenate(chosen)
        again = np.repeat(np.arange(len(chosen)), [len(one) for one in chosen])
        groups = {"user": again, "query": again}
        return metric.compute(Predictions(data.labels[at], data.scores[at], None, groups))

    theirs = stats.bootstrap(
        (np.arange(150),), of_users, n_resamples=300, vectorized=False, method="basic", rng=0
    )
    ours = intervals([metric], data, "user")[form]
    assert ours.value == pytest.approx(metric.compute(data))
    assert ours.error == pytest.approx(theirs.standard_error, rel=0.15)
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert ours.high - ours.low == pytest.approx(width, rel=0.25)


@pytest.mark.parametrize("form", FORMS)
def test_weights_and_order_of_rows_do_not_matter(form: str) -> None:
    data = log(np.random.default_rng(4), 60, 5, 1.0)
    mixed = np.random.default_rng(0).permutation(data.labels.size)
    rows = np.argsort(data.groups["user"][mixed], kind="stable")
    other = Predictions(
        data.labels[mixed[rows]],
        data.scores[mixed[rows]],
        np.full(len(rows), 2.0),
        {"user": data.groups["user"][mixed[rows]], "query": data.groups["user"][mixed[rows]]},
    )
    one, same = (intervals([parse_metric(form)], found)[form] for found in (data, other))
    assert same.value == pytest.approx(one.value)
    assert (same.low, same.high) == pytest.approx((one.low, one.high), rel=1e-6)


def test_a_group_that_crosses_clusters_is_its_own_unit() -> None:
    data = log(np.random.default_rng(5), 40, 6)
    pages = np.arange(data.labels.size) // 2
    both = Predictions(
        data.labels, data.scores, None, {"user": data.groups["user"], "query": pages}
    )
    found = intervals([parse_metric("GAUC(user)"), parse_metric("LogLoss")], both)
    assert (found["GAUC(user)"].unit, found["GAUC(user)"].units) == ("user", 40)
    assert (found["LogLoss"].unit, found["LogLoss"].units) == ("query", pages[-1] + 1)


def test_of_one_unit_nothing_can_be_told() -> None:
    data = Predictions(np.array([0.0, 1, 0]), np.array([0.1, 0.8, 0.3]), None, {"user": [1, 1, 1]})
    found = intervals([parse_metric("LogLoss"), parse_metric("AUC")], data, "user")
    assert all(math.isnan(one.low) and math.isnan(one.high) for one in found.values())
    with pytest.raises(ConfigError, match="Did you mean 'user'"):
        intervals([parse_metric("AUC")], data, "users")


def test_many_rows_are_dealt_into_bags() -> None:
    data = log(np.random.default_rng(6), 40_000)
    found = intervals([parse_metric("LogLoss")], data, "row")["LogLoss"]
    losses = -np.log(np.where(data.labels == 1, data.scores, 1 - data.scores))
    assert found.units == 40_000
    assert found.error == pytest.approx(losses.std() / 200, rel=0.08)


def coverage(forms: list[str], logs: int, users: int, **how: float) -> dict[str, float]:
    """In which share of simulated logs an interval of 95% holds what a huge log measures."""
    metrics = [parse_metric(form) for form in forms]
    huge = log(np.random.default_rng(99), max(100_000, 200 * users), **how)  # type: ignore[arg-type]
    truth = {form: metric.compute(huge) for form, metric in zip(forms, metrics, strict=True)}
    held = dict.fromkeys(forms, 0)
    for seed in range(logs):
        data = log(np.random.default_rng(seed), users, **how)  # type: ignore[arg-type]
        found = intervals(metrics, data, "user", Resampling(resamples=400, seed=seed))
        for form, one in found.items():
            held[form] += one.low <= truth[form] <= one.high
    return {form: count / logs for form, count in held.items()}


def test_intervals_hold_the_truth() -> None:
    """A quick look at the law: 120 logs hold 95% to within 6%."""
    found = coverage(["AUC", "LogLoss"], 120, 60, size=8, shared=1.0)
    assert all(0.89 <= share <= 0.99 for share in found.values()), found


def test_intervals_that_forget_clusters_would_not() -> None:
    data = [log(np.random.default_rng(seed), 60, 10, 2.0) for seed in range(5)]
    for form in ("AUC", "LogLoss"):
        metric = parse_metric(form)
        rows, users = (
            np.mean([intervals([metric], one, unit, FEW)[form].error for one in data])
            for unit in ("row", "user")
        )
        assert users > 1.3 * rows


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("users", "how"),
    [
        (1000, {}),
        (3000, {"rate": 0.02}),
        (100, {"size": 20, "shared": 1.0}),
        (300, {"size": 8, "shared": 1.5, "rate": 0.05}),
    ],
    ids=["rows", "rare", "clusters", "rare clusters"],
)
def test_of_95_percent_93_to_97_hold_the_truth(users: int, how: dict[str, float]) -> None:
    """1000 logs tell a share to within 1.4%, which the bounds leave room for on each side."""
    forms = ["AUC", "LogLoss", "PCOC"] + (["GAUC(user)"] if "size" in how else [])
    found = coverage(forms, 1000, users, **how)
    assert all(0.93 <= share <= 0.97 for share in found.values()), found


@pytest.mark.parametrize("form", ["ECE(bins=20)", "Recall@5", "LogLoss", "PRAUC", "KS"])
def test_an_interval_stays_within_what_the_metric_can_be(form: str) -> None:
    random = np.random.default_rng(4)
    scores = random.random(60)
    labels, query = random.random(60) < scores, np.arange(60) // 20
    data = Predictions(labels, scores, None, {"query": query})
    found = intervals([parse_metric(form)], data)[form]
    least, most = parse_metric(form).bounds
    assert least <= found.low <= found.high <= most
