"""Each convention against the tool that it is named for, run on random queries with ties."""

import math
import warnings
from collections.abc import Sequence

import ir_measures
import numpy as np
import polars as pl
import pytest
import xgboost as xgb
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score

from features.errors import ConfigError, DataError
from pipelines.judged import judged
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranking import NDCG

# Levels that tie, some of them in float32 only; ids whose order as text is not that of numbers.
SCORES = st.sampled_from([0.0, -0.0, 0.5, 1.0, 1.0 + 1e-9, 1.0 - 1e-9, 2.0, -3.25])
ITEMS = ["10", "9", "Zebra", "apple", "Äpfel", "中", "😀", "\uffff", "a", "B"]


def queries(grades: int) -> st.SearchStrategy[list[list[tuple[int, float]]]]:
    """Queries of (grade, score): some of one row, some without relevant rows."""
    row = st.tuples(st.integers(0, grades), SCORES)
    return st.lists(st.lists(row, min_size=1, max_size=9), min_size=1, max_size=5)


def predictions(
    log: Sequence[Sequence[tuple[int, float]]], per_query: Sequence[float] | None = None
) -> Predictions:
    sizes = [len(rows) for rows in log]
    labels, scores = np.array([row for rows in log for row in rows], dtype=float).T
    weights = None if per_query is None else np.repeat(per_query, sizes)
    return Predictions(labels, scores, weights, {"query": np.repeat(np.arange(len(log)), sizes)})


# ---- trec_eval and gdeval, by way of ir-measures

TREC = {
    "nDCG(as=trec)": ir_measures.nDCG,
    "nDCG@3(as=trec)": ir_measures.nDCG @ 3,
    "MAP(as=trec)": ir_measures.AP,
    "MAP@2(as=trec)": ir_measures.AP @ 2,
    "MRR(as=trec)": ir_measures.RR,
    "Precision@3(as=trec)": ir_measures.P @ 3,
    "Recall@3(as=trec)": ir_measures.R @ 3,
    "HitRate@2(as=trec)": ir_measures.Success @ 2,
}
pooled = st.tuples(  # grade or None where not judged, score or None where not shown
    st.integers(-1, 4) | st.none(), SCORES | st.none()
).filter(lambda one: one != (None, None))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(pooled, min_size=1, max_size=len(ITEMS)), min_size=1, max_size=4))
def test_trec(pools: list[list[tuple[int | None, float | None]]]) -> None:
    rows = [
        (f"q{query}", item, grade, score)
        for query, pool in enumerate(pools)
        for item, (grade, score) in zip(ITEMS, pool, strict=False)
    ]
    qrels = [ir_measures.Qrel(q, item, grade) for q, item, grade, _ in rows if grade is not None]
    # trec_eval may never return from a query whose judgements are all below 0.
    qrels += [ir_measures.Qrel(query, "never shown", 0) for query in {one[0] for one in rows}]
    run = [ir_measures.ScoredDoc(q, item, score) for q, item, _, score in rows if score is not None]
    if not {one.query_id for one in qrels} & {one.query_id for one in run}:
        return
    found = judged(
        pl.DataFrame([one[:3] for one in run], ["query", "item", "score"], orient="row"),
        pl.DataFrame([one[:3] for one in qrels], ["query", "item", "label"], orient="row"),
    ).rows
    data = Predictions(
        found["label"].to_numpy(),
        found["score"].to_numpy(),
        None,
        {"query": found["query"].to_numpy(), "item": found["item"].to_numpy()},
    )
    theirs = ir_measures.pytrec_eval.calc_aggregate(TREC.values(), qrels, run)
    for form, measure in TREC.items():
        assert parse_metric(form).compute(data) == pytest.approx(theirs[measure], abs=1e-12), form


def test_err_and_exp2_are_those_of_the_web_tracks_script() -> None:
    random = np.random.default_rng(3)
    query, item = np.repeat(np.arange(60), 12), np.tile(np.arange(12), 60).astype(str)
    labels, scores = random.integers(0, 5, 720), random.integers(0, 6, 720) / 4
    labels[query % 7 == 0] = 0
    qrels = [
        ir_measures.Qrel(str(q), i, int(g)) for q, i, g in zip(query, item, labels, strict=True)
    ]
    run = [ir_measures.ScoredDoc(str(q), i, s) for q, i, s in zip(query, item, scores, strict=True)]
    measures = [ir_measures.ERR @ 5, ir_measures.nDCG(dcg="exp-log2") @ 5]
    theirs = ir_measures.gdeval.calc_aggregate(measures, qrels, run)
    ours = Predictions(labels, scores, None, {"query": query, "item": item})
    for form, measure in zip(
        ("ERR@5(as=trec)", "nDCG@5(gain=exp2,as=trec)"), measures, strict=True
    ):
        # The script prints five decimals of each query.
        assert parse_metric(form).compute(ours) == pytest.approx(theirs[measure], abs=5e-6)


# ---- scikit-learn


@settings(max_examples=100, deadline=None)
@given(
    st.integers(2, 6).flatmap(
        lambda size: st.lists(
            st.lists(st.tuples(st.integers(0, 4), SCORES), min_size=size, max_size=size),
            min_size=1,
            max_size=5,
        )
    ),
    st.integers(1, 8),
)
def test_sklearn(log: list[list[tuple[int, float]]], cutoff: int) -> None:
    labels, scores = np.moveaxis(np.array(log), 2, 0)
    per_query = 1.0 + np.arange(len(log)) % 3
    data = predictions(log, per_query)
    forms = {
        f"nDCG@{cutoff}(as=sklearn)": ndcg_score(labels, scores, k=cutoff, sample_weight=per_query),
        "nDCG(gain=exp2,as=sklearn)": ndcg_score(2**labels - 1, scores, sample_weight=per_query),
        "MAP(as=sklearn)": label_ranking_average_precision_score(
            (labels > 0).astype(int), scores, sample_weight=per_query
        ),
    }
    for form, theirs in forms.items():
        assert parse_metric(form).compute(data) == pytest.approx(theirs, abs=1e-12), form


# ---- XGBoost


def by_xgboost(
    log: Sequence[Sequence[tuple[int, float]]],
    names: list[str],
    per_query: Sequence[float] | None = None,
    **parameters: object,
) -> dict[str, float]:
    data = predictions(log)
    rows = xgb.DMatrix(
        np.zeros((data.labels.size, 1)),
        data.labels,
        qid=data.groups["query"],
        base_margin=data.scores.astype(np.float32),
        weight=per_query,
    )
    own = {"objective": "rank:ndcg", "eval_metric": names, "nthread": 1, **parameters}
    found = xgb.Booster(own, [rows]).eval(rows).split("\t")[1:]
    pairs = (one.removeprefix("eval-").rpartition(":") for one in found)
    return {name: float(value) for name, _, value in pairs}


def differences(
    forms: dict[str, str], log: Sequence[Sequence[tuple[int, float]]], **more: object
) -> list[str]:
    """The forms at cutoffs 1 to 10 whose values XGBoost does not share, with weights or without.

    Weights below 1 would let its queries without relevant rows, which its nDCG does not weigh, add
    up to more than 1, which it refuses.
    """
    found = []
    for per_query in (None, [1.0 + query % 3 for query in range(len(log))]):
        names = [name.format(k) for name in forms.values() for k in range(1, 11)]
        theirs = by_xgboost(log, names, per_query, **more)
        for form, name in forms.items():
            for k in range(1, 11):
                ours = parse_metric(form.format(k)).compute(predictions(log, per_query))
                if ours != pytest.approx(theirs[name.format(k)], rel=1e-6, abs=1e-9):
                    found.append(f"{form.format(k)}: {ours}, not {theirs[name.format(k)]}")
    return found


@settings(max_examples=12, deadline=None)
@given(queries(4))
def test_xgboosts_ndcg(log: list[list[tuple[int, float]]]) -> None:
    forms = {"nDCG@{}(as=xgboost)": "ndcg@{}", "nDCG@{}(as=xgboost,empty=zero)": "ndcg@{}-"}
    assert differences(forms, log) == []


@settings(max_examples=5, deadline=None)
@given(queries(4))
def test_xgboosts_ndcg_of_linear_gain(log: list[list[tuple[int, float]]]) -> None:
    forms = {"nDCG@{}(gain=linear,as=xgboost)": "ndcg@{}"}
    assert differences(forms, log, ndcg_exp_gain=False) == []


@settings(max_examples=12, deadline=None)
@given(queries(1))
def test_xgboosts_map_and_precision(log: list[list[tuple[int, float]]]) -> None:
    forms = {
        "MAP@{}(as=xgboost)": "map@{}",
        "MAP@{}(as=xgboost,empty=zero)": "map@{}-",
        "Precision@{}(as=xgboost)": "pre@{}",
    }
    assert differences(forms, log) == []


# ---- LETOR 4.0, whose script Eval-Score-4.0.pl defines these in so many words


def letor4(rows: Sequence[tuple[int, float]], cutoff: int) -> tuple[float, float, float]:
    """nDCG, precision and average precision of one query."""
    ranked = [grade for grade, _ in sorted(rows, key=lambda row: -row[1])]  # stable

    def dcg(grades: Sequence[int]) -> float:
        return sum(
            (2**grade - 1) * (1 if rank < 3 else math.log(2) / math.log(rank))
            for rank, grade in enumerate(grades[:cutoff], start=1)
        )

    ideal = dcg(sorted(ranked, reverse=True))
    hits = [rank for rank, grade in enumerate(ranked, start=1) if grade > 0]
    return (
        dcg(ranked) / ideal if ideal and len(ranked) >= cutoff else 0.0,
        sum(rank <= cutoff for rank in hits) / cutoff,
        sum(n / rank for n, rank in enumerate(hits, start=1)) / len(hits) if hits else 0.0,
    )


@settings(max_examples=100, deadline=None)
@given(queries(4), st.integers(1, 10))
def test_letor4(log: list[list[tuple[int, float]]], cutoff: int) -> None:
    theirs = np.mean([letor4(rows, cutoff) for rows in log], axis=0)
    forms = (f"nDCG@{cutoff}", f"Precision@{cutoff}", "MAP")
    ours = [parse_metric(form + "(as=letor4)").compute(predictions(log)) for form in forms]
    assert ours == pytest.approx(theirs.tolist(), abs=1e-12)


def test_what_the_letor4_script_printed() -> None:
    # From a run of the script's subroutines in Perl over these very rows.
    random = np.random.default_rng(7)
    query = np.sort(random.integers(0, 30, 200))
    labels = random.integers(0, 3, 200)
    labels[query % 5 == 0] = 0
    data = Predictions(labels, random.integers(0, 9, 200) / 8, None, {"query": query})
    printed = {
        "MAP": 0.581011075895, "Precision@1": 0.466666666667, "Precision@3": 0.533333333333,
        "Precision@10": 0.363333333333,
        "nDCG@1": 0.377777777778, "nDCG@3": 0.490591193220, "nDCG@5": 0.454418212891,
        "nDCG@10": 0.104270656425,
    }  # fmt: skip
    for form, value in printed.items():
        assert parse_metric(form + "(as=letor4)").compute(data) == pytest.approx(value, abs=1e-12)


# ---- all of them


@pytest.mark.parametrize("tool", NDCG.conventions)
def test_a_convention_is_a_value(tool: str) -> None:
    metric = parse_metric(f"nDCG@10(as={tool})")
    assert str(metric) == f"nDCG@10(as={tool})"
    convention = NDCG.conventions[tool]
    told = NDCG(cutoff=10, as_=tool, gain=convention.gain, empty=convention.empty)
    assert told == metric  # what the tool does anyway is not said again
    other = "linear" if convention.gain == "exp2" else "exp2"
    assert str(NDCG(cutoff=10, as_=tool, gain=other)) == f"nDCG@10(gain={other},as={tool})"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nDCG@10(as=sklaern)", "'as' of nDCG must be one of trec, sklearn, xgboost, letor4; got"),
        ("MRR(as=sklearn)", "'as' of MRR must be one of trec; got 'sklearn'"),
        ("AUC(as=trec)", "AUC does not take 'as'"),
        ("nDCG(as=xgboost)", r"nDCG as xgboost needs a cutoff.*write nDCG@32\(as=xgboost\)"),
        ("MAP@5(as=sklearn)", "MAP as sklearn has no cutoff; got 5"),
        ("ERR(highest=0)", "'highest' of ERR must be an integer of at least 1"),
    ],
)
def test_what_no_tool_does_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_metric(text)


def test_what_a_tool_would_not_take_is_refused() -> None:
    data = predictions([[(2, 1.0), (0, 2.0)]])
    with pytest.raises(DataError, match=r"nDCG@1\(as=trec\) needs the group column 'item'"):
        parse_metric("nDCG@1(as=trec)").compute(data)
    with pytest.raises(DataError, match=r"needs labels of 0 or 1; .*first 2.0"):
        parse_metric("MAP@1(as=xgboost)").compute(data)
    half = predictions([[(0.5, 1.0)]])  # type: ignore[list-item]
    with pytest.raises(DataError, match=r"needs labels that are whole numbers; .*first 0.5"):
        parse_metric("nDCG@1(as=letor4)").compute(half)
    assert parse_metric("nDCG@1(as=sklearn)").compute(half) == 1
    with pytest.raises(DataError, match=r"ERR needs labels from 0 to 4; .*first 5.0"):
        parse_metric("ERR").compute(predictions([[(5, 1.0)]]))


def test_scores_beyond_float32_are_compared_without_a_warning() -> None:
    data = predictions([[(0, 1e300), (1, 1e301), (0, -1e300)]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Infinite and so tied as float32, where the first row comes first.
        assert parse_metric("MAP@3(as=xgboost)").compute(data) == 0.5
    assert parse_metric("MAP(as=letor4)").compute(data) == 1
