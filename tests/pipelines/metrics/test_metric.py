"""The contract of every metric: a value that prints and parses, and laws that its number keeps."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from features.errors import ConfigError, DataError
from pipelines.metrics.auc import GAUC
from pipelines.metrics.beyond import ShownMetric
from pipelines.metrics.calibration import ECE
from pipelines.metrics.ctr_mae import CTRMAE
from pipelines.metrics.items import Items
from pipelines.metrics.lift import Gain, Lift
from pipelines.metrics.metric import AdditiveMetric, Metric
from pipelines.metrics.parse import METRICS, parse_metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranking import NDCG, Precision
from pipelines.metrics.ranking_metric import RankingMetric

FORMS = (
    "AUC",
    "GAUC(user_id)",
    "GAUC(user_id,weighting=clicks)",
    "GAUC(user_id,weighting=equal)",
    "PRAUC",
    "KS",
    "Lift@0.15",
    "Gain@0.3",
    "LogLoss",
    "NE",
    "RIG",
    "Brier",
    "PCOC",
    "ECE(bins=7)",
    "CTRMAE(user_id)",
    "nDCG",
    "nDCG@3",
    "nDCG@3(gain=exp2)",
    "nDCG(gain=exp2,empty=zero)",
    "nDCG@3(empty=one)",
    "MRR",
    "MRR(empty=zero)",
    "MAP",
    "MAP@3",
    "ERR",
    "ERR@2(highest=2)",
    "nDCG@3(as=trec)",
    "nDCG(as=sklearn)",
    "MAP(as=sklearn,empty=skip)",
    "Precision@2",
    "Precision@2(empty=zero)",
    "Recall@2",
    "HitRate@2",
    "Coverage@2",
    "Gini@2",
    "Novelty@2",
    "Popularity@2",
    "PopularityLift@2",
    "Diversity@2",
)
CATALOGUE = Items(np.arange(400), np.arange(1.0, 401.0), np.eye(7)[np.arange(400) % 7])
BY_QUERY = (RankingMetric, ShownMetric)
ROW_WEIGHTED = tuple(f for f in FORMS if not isinstance(parse_metric(f), BY_QUERY))
RANKING = tuple(f for f in FORMS if f not in ROW_WEIGHTED)


def tied_rows(seed: int = 0, rows: int = 300) -> dict[str, np.ndarray]:
    """Binary labels against scores of eleven levels, in users and queries of several rows."""
    random = np.random.default_rng(seed)
    scores = random.integers(0, 11, rows) / 10
    return {
        "labels": (random.random(rows) < 0.2 + 0.4 * scores).astype(float),
        "scores": scores,
        "weights": random.integers(0, 4, rows).astype(float),
        "user": random.integers(0, 40, rows),
        "query": random.integers(0, 60, rows),
        "item": np.arange(rows),
    }


def value(form: str, rows: dict[str, np.ndarray], take: np.ndarray, weighted: bool) -> float:
    """The metric over the rows taken, with repeats."""
    data = Predictions(
        rows["labels"][take],
        rows["scores"][take],
        rows["weights"][take] if weighted else None,
        {
            "user_id": rows["user"][take],
            "query": rows["query"][take],
            "item": rows["item"][take],
        },
        CATALOGUE,
    )
    return parse_metric(form).compute(data)


def test_every_metric_is_under_the_contract() -> None:
    assert {type(parse_metric(form)) for form in FORMS} == set(METRICS)


@pytest.mark.parametrize("form", FORMS)
def test_prints_parses_compares_and_hashes(form: str) -> None:
    metric = parse_metric(form)
    assert str(metric) == metric.name == form
    again = parse_metric(str(metric))
    assert again == metric
    assert hash(again) == hash(metric)
    assert sum(parse_metric(other) == metric for other in FORMS) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        metric.cutoff = 1


@pytest.mark.parametrize("form", FORMS)
def test_row_order_does_not_matter(form: str) -> None:
    rows = tied_rows()
    order = np.random.default_rng(1).permutation(300)
    weighted = form in ROW_WEIGHTED
    straight = value(form, rows, np.arange(300), weighted)
    assert value(form, rows, order, weighted) == pytest.approx(straight, rel=1e-12)


@pytest.mark.parametrize("form", ROW_WEIGHTED)
def test_a_weight_is_a_number_of_equal_rows(form: str) -> None:
    rows = tied_rows(2)
    repeated = np.repeat(np.arange(300), rows["weights"].astype(int))
    weighted = value(form, rows, np.arange(300), weighted=True)
    assert weighted == pytest.approx(value(form, rows, repeated, weighted=False), rel=1e-12)
    assert weighted != pytest.approx(value(form, rows, np.arange(300), weighted=False), rel=1e-6)


@pytest.mark.parametrize("form", RANKING)
def test_a_weight_is_a_number_of_equal_queries(form: str) -> None:
    rows = tied_rows(3)
    copies = rows["query"] % 3  # of each query, as its weight
    repeated = np.repeat(np.arange(300), copies)
    copy = np.concatenate([np.arange(count) for count in copies])
    many = {name: column[repeated] for name, column in rows.items()}
    many["query"] += 1000 * copy  # the copies are queries of their own
    rows["weights"] = copies.astype(float)
    weighted = value(form, rows, np.arange(300), weighted=True)
    expected = value(form, many, np.arange(repeated.size), weighted=False)
    assert weighted == pytest.approx(expected, rel=1e-12)
    assert weighted != pytest.approx(value(form, rows, np.arange(300), weighted=False), rel=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_the_scale_of_weights_does_not_matter(form: str) -> None:
    rows = tied_rows(4)
    if form in RANKING:
        rows["weights"] = (rows["query"] % 3).astype(float)
    straight = value(form, rows, np.arange(300), weighted=True)
    rows["weights"] = rows["weights"] * 1e-3
    assert value(form, rows, np.arange(300), weighted=True) == pytest.approx(straight, rel=1e-12)


@pytest.mark.parametrize("form", [f for f in FORMS if parse_metric(f).higher_is_better is not None])
def test_the_truth_itself_gets_a_better_value(form: str) -> None:
    rows = tied_rows(5)
    truth = rows | {"scores": rows["labels"]}
    gain = value(form, truth, np.arange(300), False) - value(form, rows, np.arange(300), False)
    assert gain > 0 if parse_metric(form).higher_is_better else gain < 0


@pytest.mark.parametrize("form", FORMS)
def test_needs_groups_names_what_must_be_passed(form: str) -> None:
    metric = parse_metric(form)
    rows = tied_rows(6)
    columns = {"user_id": rows["user"], "query": rows["query"], "item": np.arange(300)}
    needed = {name: columns[name] for name in metric.needs_groups}
    data = Predictions(rows["labels"], rows["scores"], None, needed, CATALOGUE)
    assert np.isfinite(metric.compute(data))
    for name in needed:
        others = {other: ids for other, ids in needed.items() if other != name}
        lacking = Predictions(rows["labels"], rows["scores"], None, others, CATALOGUE)
        with pytest.raises(DataError, match=f"needs the group column '{name}'.*hold"):
            metric.compute(lacking)


def test_arguments_are_printed_in_order_and_only_where_they_say_something() -> None:
    assert str(NDCG(cutoff=10, gain="linear", empty="skip")) == "nDCG@10"
    assert str(NDCG(empty="one", gain="exp2")) == "nDCG(gain=exp2,empty=one)"
    assert NDCG.usage() == (
        "nDCG[@<cutoff>]([gain=linear|exp2],[as=trec|sklearn|xgboost|letor4],[empty=skip|zero|one])"
    )
    assert ECE.usage() == "ECE(bins=<bins>)"
    assert GAUC.usage() == "GAUC(<group>,[weighting=impressions|clicks|equal])"
    assert str(Lift(1)) == "Lift@1.0"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ECE(bins=0), "'bins' of ECE must be an integer of at least 1; got 0"),
        (lambda: ECE(bins=True), "got True"),
        (lambda: Precision(cutoff=2.5), "'cutoff' of Precision must be an integer"),
        (lambda: NDCG(cutoff=0), "'cutoff' of nDCG must be"),
        (lambda: NDCG(gain="log"), "'gain' of nDCG must be one of linear, exp2; got 'log'"),
        (lambda: NDCG(empty="nan"), "'empty' of nDCG must be one of skip, zero, one; got 'nan'"),
        (lambda: GAUC("user id"), "'group' of GAUC must be a column name"),
        (lambda: GAUC(7), "'group' of GAUC must be a column name"),
        (lambda: GAUC("user", "rows"), "of GAUC must be one of impressions, clicks, equal; got"),
        (lambda: CTRMAE("a b"), "'group' of CTRMAE must be a column name"),
        (lambda: Lift(0), "'cutoff' of Lift must be a share of the rows, above 0 and at most 1"),
        (lambda: Lift(10), "at most 1; got 10; write Lift@0.1"),
        (lambda: Gain("0.1"), "'cutoff' of Gain must be a share"),
    ],
)
def test_refuses_arguments_it_cannot_compute(make: Callable[[], Metric], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def test_a_metric_is_abstract_or_final() -> None:
    for metric in METRICS:
        assert metric.__subclasses__() == []
    with pytest.raises(TypeError, match="abstract"):
        Metric()


@pytest.mark.parametrize(
    "form",
    ["LogLoss", "NE", "RIG", "Brier", "PCOC", "GAUC(query)", "CTRMAE(query)", "nDCG@10", "MRR"],
)
def test_an_additive_metric_is_that_of_its_parts_added_up(form: str) -> None:
    metric = parse_metric(form)
    assert isinstance(metric, AdditiveMetric)
    random = np.random.default_rng(3)
    labels, scores, query = random.integers(0, 2, 400), random.random(400), np.arange(400) // 20
    weights = random.integers(1, 4, 20)[query]

    def data(rows: slice) -> Predictions:
        return Predictions(labels[rows], scores[rows], weights[rows], {"query": query[rows]})

    parts = [metric.terms(data(slice(i, i + 100))).sums for i in range(0, 400, 100)]
    whole = metric.compute(data(slice(None)))
    assert float(metric.of_sums(np.sum(parts, axis=0))) == pytest.approx(whole, rel=1e-12)
    stacked = metric.of_sums(np.stack([np.sum(parts, axis=0), parts[0]]))
    assert stacked.shape == (2,)
