"""Ranking metrics against every order of the tied rows, scikit-learn, XGBoost and hand."""

from collections.abc import Sequence
from itertools import pairwise, permutations

import numpy as np
import pytest
import xgboost as xgb
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from features.errors import DataError
from pipelines.metrics.err import ERR
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranking import MAP, MRR, NDCG, HitRate, Precision, Recall
from pipelines.metrics.ranking_metric import RankingMetric


def one_query(labels: Sequence[float], scores: Sequence[float]) -> Predictions:
    return Predictions(labels, scores, None, {"query": np.zeros(len(labels), dtype=int)})


def in_order(metric: RankingMetric, labels: Sequence[float]) -> float:
    """The measure of one query's labels in their ranked order, straight from its definition."""
    hits = [rank for rank, label in enumerate(labels, start=1) if label > 0]
    match metric:
        case NDCG(cutoff=cutoff, gain=gain):

            def dcg(grades: Sequence[float]) -> float:
                gains = [2**g - 1 if gain == "exp2" else g for g in grades[:cutoff]]
                return sum(g / np.log2(rank + 1) for rank, g in enumerate(gains, start=1))

            return dcg(labels) / dcg(sorted(labels, reverse=True))
        case MRR(cutoff=cutoff):
            return 1 / hits[0] if hits[0] <= (cutoff or hits[0]) else 0.0
        case MAP(cutoff=cutoff):
            upto = [rank for rank in hits if rank <= (cutoff or rank)]
            return sum((n + 1) / rank for n, rank in enumerate(upto)) / len(hits)
        case ERR(cutoff=cutoff, highest=highest):
            found, reads_on = 0.0, 1.0
            for rank, label in enumerate(labels[:cutoff], start=1):
                stops = (2**label - 1) / 2**highest
                found, reads_on = found + reads_on * stops / rank, reads_on * (1 - stops)
            return found
        case Precision(cutoff=cutoff):
            return sum(rank <= cutoff for rank in hits) / cutoff
        case Recall(cutoff=cutoff):
            return sum(rank <= cutoff for rank in hits) / len(hits)
        case HitRate(cutoff=cutoff):
            return float(hits[0] <= cutoff)
    raise AssertionError(metric)


TIED = ("nDCG", "nDCG@2", "nDCG@3(gain=exp2)", "MRR", "MAP", "Precision@3", "Recall@2")
CUT = ("MRR@2", "MAP@2", "ERR", "ERR@2", "ERR(highest=3)")


@pytest.mark.parametrize("form", [*TIED, *CUT, "HitRate@1", "HitRate@2", "HitRate@3"])
@settings(max_examples=50)
@given(
    rows=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), min_size=1, max_size=6).filter(
        lambda rows: any(label for label, _ in rows)
    )
)
def test_ties_are_the_mean_over_all_their_orders(rows: list[tuple[int, int]], form: str) -> None:
    metric = parse_metric(form)
    assert isinstance(metric, RankingMetric)
    found = [
        in_order(metric, [label for label, _ in order])
        for order in permutations(rows)
        if all(high[1] >= low[1] for high, low in pairwise(order))
    ]
    data = one_query([label for label, _ in rows], [score for _, score in rows])
    assert metric.compute(data) == pytest.approx(np.mean(found), rel=1e-12, abs=1e-15)


def test_by_hand() -> None:
    data = Predictions(
        labels=[0, 1, 1, 0, 0, 2],
        scores=[0.9, 0.5, 0.1, 0.8, 0.7, 0.6],
        groups={"query": np.array(["a", "a", "a", "b", "b", "b"])},
    )
    assert MRR().compute(data) == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert MAP().compute(data) == pytest.approx(((1 / 2 + 2 / 3) / 2 + 1 / 3) / 2)
    assert Precision(2).compute(data) == 0.25
    assert Recall(2).compute(data) == 0.25
    assert HitRate(2).compute(data) == 0.5
    ideal = 1 + 1 / np.log2(3)
    dcg = 1 / np.log2(3) + 1 / np.log2(4)
    assert NDCG().compute(data) == pytest.approx((dcg / ideal + 1 / np.log2(4)) / 2)


def test_ties_by_hand() -> None:
    # One relevant row of three tied: first at rank 1, 2 or 3 alike.
    data = one_query([0, 1, 0], [5, 5, 5])
    assert MRR().compute(data) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert MAP().compute(data) == pytest.approx((1 + 1 / 2 + 1 / 3) / 3)
    assert HitRate(2).compute(data) == pytest.approx(2 / 3)
    assert Precision(2).compute(data) == pytest.approx(1 / 3)


def test_a_cutoff_beyond_the_rows_still_divides_precision() -> None:
    assert Precision(10).compute(one_query([1, 1], [2, 1])) == 0.2
    assert Recall(10).compute(one_query([1, 1], [2, 1])) == 1


@pytest.mark.parametrize(("empty", "expected"), [("skip", 1.0), ("zero", 0.5), ("one", 1.0)])
@pytest.mark.parametrize("form", ["nDCG", "nDCG@1", "MRR", "MAP", "Recall@1", "HitRate@1"])
def test_a_query_without_relevant_rows(form: str, empty: str, expected: float) -> None:
    data = Predictions([1, 0, 0, 0], [4, 3, 2, 1], None, {"query": np.array([1, 1, 2, 2])})
    metric = parse_metric(f"{form}(empty={empty})")
    assert isinstance(metric, RankingMetric)
    assert metric.compute(data) == expected
    assert metric.per_group(data).skipped == (empty == "skip")


def test_one_tie_of_many_rows_stays_exact() -> None:
    rows = 20_000
    data = one_query([1] + [0] * (rows - 1), np.zeros(rows).tolist())
    mean_reciprocal = np.mean(1 / np.arange(1.0, rows + 1))
    assert MRR().compute(data) == pytest.approx(mean_reciprocal, rel=1e-9)
    assert MAP().compute(data) == pytest.approx(mean_reciprocal, rel=1e-12)
    assert HitRate(100).compute(data) == pytest.approx(100 / rows, rel=1e-7)


@pytest.mark.parametrize("form", [*TIED, *CUT, "HitRate@3"])
def test_rows_that_were_not_shown_take_no_rank_but_were_missed(form: str) -> None:
    # Whatever ranks beyond the shown rows of no label, in the ideal too, is the same as nothing.
    metric = parse_metric(form)
    shown = one_query([0, 2, 1], [3, 2, 1])
    missed = one_query([0, 2, 1, 1, 0], [3, 2, 1, -np.inf, -np.inf])
    assert 0 < metric.compute(missed) <= metric.compute(shown)
    only = one_query([1, 0], [-np.inf, -np.inf])
    assert metric.compute(only) == 0
    if form in ("nDCG", "MAP", "Recall@2"):
        assert metric.compute(missed) < metric.compute(shown)


def test_err_by_hand() -> None:
    # Chapelle's R: 15/16, 1/16 and 0 of the grades 4, 1 and 0.
    data = one_query([1, 0, 4], [3, 2, 1])
    assert ERR().compute(data) == pytest.approx(1 / 16 + 15 / 16 * 15 / 16 / 3, rel=1e-14)
    assert ERR(cutoff=2).compute(data) == pytest.approx(1 / 16, rel=1e-14)
    tied = one_query([4, 0], [1, 1])
    assert ERR().compute(tied) == pytest.approx(15 / 16 * (1 + 1 / 2) / 2, rel=1e-14)


@pytest.mark.parametrize("labels", [[0.5, 2.25, 0, 1], [40, 3, 0, 7], [1, 0, 3, 2]])
def test_the_ideal_is_the_labels_sorted(labels: list[float]) -> None:
    data = Predictions(labels * 2, range(8), None, {"query": np.repeat([1, 2], 4)})
    best = sorted(labels, reverse=True)
    assert data.ranked("query").best_labels.tolist() == best * 2


def test_no_relevant_row_at_all() -> None:
    data = one_query([0, 0], [1, 2])
    with pytest.raises(DataError, match=r"MRR needs a group .*got 1 groups, 1 of them skipped"):
        MRR().compute(data)
    assert MRR(empty="zero").compute(data) == 0


@pytest.mark.parametrize("cutoff", [None, 1, 5, 10, 50])
@pytest.mark.parametrize("levels", [3, 8, 1000])
def test_ndcg_is_scikit_learns_with_ties(cutoff: int | None, levels: int) -> None:
    random = np.random.default_rng(levels)
    labels, scores = random.integers(0, 5, (40, 25)), random.integers(0, levels, (40, 25))
    labels[::9] = 0
    query_weights = random.random(40)
    data = Predictions(
        labels.ravel(),
        scores.ravel(),
        np.repeat(query_weights, 25),
        {"query": np.repeat(np.arange(40), 25)},
    )
    expected = ndcg_score(labels, scores, k=cutoff, sample_weight=query_weights)
    found = NDCG(cutoff=cutoff, empty="zero").compute(data)  # scikit-learn counts them 0
    assert found == pytest.approx(expected, rel=1e-13)


def test_map_is_scikit_learns_average_precision_where_scores_are_distinct() -> None:
    random = np.random.default_rng(0)
    scores, labels = random.permutation(600), random.integers(0, 2, 600)
    query = random.integers(0, 30, 600)
    expected = np.mean(
        [average_precision_score(labels[query == q], scores[query == q]) for q in range(30)]
    )
    found = MAP().compute(Predictions(labels, scores, None, {"query": query}))
    assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("weighted", [False, True])
def test_ndcg_and_map_are_xgboosts_where_scores_are_distinct(weighted: bool) -> None:
    random = np.random.default_rng(1)
    query = np.repeat(np.arange(100), random.integers(2, 40, 100))
    scores = random.permutation(query.size).astype(np.float32)
    grades = random.integers(0, 5, query.size).astype(float)
    grades[query % 7 == 0] = 0
    per_query = random.integers(1, 9, 100) / 8 if weighted else None
    weights = None if per_query is None else per_query[query]

    def by_xgboost(labels: np.ndarray, names: list[str]) -> dict[str, float]:
        rows = xgb.DMatrix(
            np.zeros((query.size, 1)), labels, qid=query, base_margin=scores, weight=per_query
        )
        params = {"objective": "rank:ndcg", "eval_metric": names}
        text = xgb.Booster(params, [rows]).eval(rows)
        return {
            name.removeprefix("eval-"): float(value)
            for name, _, value in (part.rpartition(":") for part in text.split("\t")[1:])
        }

    # A trailing "-" counts queries without relevant rows 0; without it they count 1, unweighted.
    theirs = by_xgboost(grades, ["ndcg@10", "ndcg@10-", "ndcg-"])
    ours = Predictions(grades, scores, weights, {"query": query})
    form = "nDCG@10(gain=exp2,empty=zero)"
    assert parse_metric(form).compute(ours) == pytest.approx(theirs["ndcg@10-"], rel=1e-6)
    form = "nDCG@32(gain=exp2,empty=zero)"  # what XGBoost computes where it is given no cutoff
    assert parse_metric(form).compute(ours) == pytest.approx(theirs["ndcg-"], rel=1e-6)
    if not weighted:
        form = "nDCG@10(gain=exp2,empty=one)"
        assert parse_metric(form).compute(ours) == pytest.approx(theirs["ndcg@10"], rel=1e-6)
    clicks = (grades > 2).astype(float)
    ours = Predictions(clicks, scores, weights, {"query": query})
    assert MAP(empty="zero").compute(ours) == pytest.approx(
        by_xgboost(clicks, ["map@999-"])["map@999-"], rel=1e-6
    )


def test_refuses_grades_it_does_not_accept() -> None:
    with pytest.raises(
        DataError, match=r"MRR needs labels of at least 0; got .* first -1.0 at row"
    ):
        MRR().compute(one_query([1, -1], [1, 2]))
    wide = one_query([1, 40], [1, 2])
    with pytest.raises(DataError, match=r"labels from 0 to 31; got .* 1 of 2 rows, first 40.0 at"):
        NDCG(gain="exp2").compute(wide)
    assert NDCG().compute(wide) == 1


def test_weights_must_agree_within_a_query() -> None:
    data = Predictions([1, 0, 1], [1, 2, 3], [1, 2, 2], {"query": np.array(["a", "a", "b"])})
    with pytest.raises(DataError, match=r"MRR weighs whole queries.* 1 queries, first a with 1 to"):
        MRR().compute(data)
