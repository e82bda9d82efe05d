"""Metrics of many small parts are those of all rows in memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError, DataError
from pipelines.metrics.auc import AUC
from pipelines.metrics.counts import Counts, counts
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import parse_metrics
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.stream.evaluate import evaluate_stream

METRICS = parse_metrics(
    "AUC,PRAUC,KS,Lift@0.1,Gain@0.25,ECE(bins=20),LogLoss,NE,RIG,Brier,PCOC,CTRMAE(device),"
    "GAUC(user),GAUC(user,weighting=clicks),GAUC(device,weighting=equal)"
)
RANKING = parse_metrics("nDCG@5,nDCG(gain=exp2,empty=zero),MRR,MAP,Precision@3,Recall@3,HitRate@2")


def log(rows: int = 5000, decimals: int = 9, weighted: bool = False, seed: int = 0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    score = random.random(rows).round(decimals)
    columns = {
        "label": (random.random(rows) < score**2).astype(np.int8),
        "score": score,
        "user": [f"user {number}" for number in random.integers(0, rows // 10, rows)],
        "device": random.integers(0, 4, rows),
        "query": random.integers(0, rows // 7, rows),
    }
    weight = {"weight": random.integers(0, 3, rows) * random.random(rows)} if weighted else {}
    return pl.DataFrame(columns | weight)


def in_memory(frame: pl.DataFrame) -> Predictions:
    weight = frame["weight"].to_numpy() if "weight" in frame.columns else None
    groups = {name: frame[name].to_numpy() for name in ("user", "device", "query")}
    return Predictions(frame["label"].to_numpy(), frame["score"].to_numpy(), weight, groups)


def pieces(frame: pl.DataFrame, height: int) -> Iterator[pl.DataFrame]:
    yield from frame.iter_slices(height)


def require_equal(
    metrics: tuple[Metric, ...], frame: pl.DataFrame, folder: Path, height: int, rows: int
) -> None:
    found = evaluate_stream(metrics, pieces(frame, height), folder, rows)
    data = in_memory(frame)
    assert tuple(found) == tuple(map(str, metrics))
    for metric in metrics:
        one, told = found[str(metric)], counts(metric, data)
        assert one.value == pytest.approx(metric.compute(data), rel=1e-12), metric
        assert one.counts.weight == pytest.approx(told.weight, rel=1e-12)
        assert one.counts.skipped_share == pytest.approx(told.skipped_share, rel=1e-12)
        for name in ("rows", "tied", "groups", "skipped"):
            assert getattr(one.counts, name) == getattr(told, name), (metric, name)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("decimals", [1, 9])
@pytest.mark.parametrize(("height", "rows"), [(64, 50), (7, 300), (5000, 999), (100, 10_000)])
def test_parts_are_the_whole(
    tmp_path: Path, height: int, rows: int, decimals: int, weighted: bool
) -> None:
    require_equal(METRICS, log(2000, decimals, weighted), tmp_path, height, rows)


@pytest.mark.parametrize("by", [["score"], ["user"], ["label", "score"]])
def test_the_order_of_the_log_does_not_matter(tmp_path: Path, by: list[str]) -> None:
    require_equal(METRICS, log(1500).sort(by), tmp_path, 100, 130)


def test_rankings_over_queries_that_are_spread_over_the_log(tmp_path: Path) -> None:
    frame = log(3000, decimals=1).with_columns(label=pl.Series(np.arange(3000) % 5))
    require_equal(RANKING, frame, tmp_path, 70, 200)


def test_infinite_scores_are_in_the_first_and_the_last_range(tmp_path: Path) -> None:
    frame = log(500).with_columns(
        score=pl.when(pl.col("device") == 0)
        .then(-np.inf)
        .when(pl.col("device") == 1)
        .then(np.inf)
        .otherwise("score")
    )
    require_equal(parse_metrics("AUC,PRAUC,KS,Lift@0.1"), frame, tmp_path, 60, 40)


def test_one_score_throughout(tmp_path: Path) -> None:
    frame = log(500).with_columns(score=pl.lit(0.25))
    require_equal(METRICS[:6], frame, tmp_path, 60, 40)


def test_a_part_may_weigh_nothing(tmp_path: Path) -> None:
    weight = pl.when(pl.int_range(pl.len()) < 600).then(0.0).otherwise("weight")
    require_equal(METRICS, log(1000, weighted=True).with_columns(weight), tmp_path, 50, 100)


def test_a_group_may_hold_more_rows_than_are_asked_for(tmp_path: Path) -> None:
    frame = log(600).with_columns(user=pl.lit("all"))
    require_equal(parse_metrics("GAUC(user)"), frame, tmp_path, 60, 40)


def test_counts_by_hand(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "label": [1, 0, 1, 1, 0],
            "score": [0.5, 0.5, 0.5, 0.25, 0.75],
            "user": ["a", "a", "b", "b", "b"],
            "weight": [1.0, 1.0, 2.0, 1.0, 0.0],
        }
    )
    found = evaluate_stream(parse_metrics("AUC,GAUC(user),Brier"), [frame], tmp_path, 2)
    assert found["AUC"].counts == Counts(rows=5, tied=3)
    # In a, both rows tie; b has no negative that counts.
    user = found["GAUC(user)"].counts
    assert user == Counts(rows=5, tied=2, groups=2, skipped=1, weight=5.0, weight_skipped=3.0)
    assert (user.tie_rate, user.skipped_share) == (0.4, 0.6)
    assert found["Brier"].counts == Counts(rows=5)


def test_bad_rows_are_refused_and_told_where(tmp_path: Path) -> None:
    frame = log(100)
    bad = frame.with_columns(
        score=pl.when(pl.int_range(pl.len()) == 57).then(None).otherwise("score")
    )
    with pytest.raises(DataError, match="rows from 50 on: scores must not be NaN; .* at row 7"):
        evaluate_stream(METRICS, [bad], tmp_path, 50)
    nobody = frame.with_columns(user=pl.when(pl.col("device") > 0).then("user"))
    with pytest.raises(DataError, match=r"groups\['user'\] must hold an id in every row"):
        evaluate_stream(METRICS, [nobody], tmp_path, 50)
    with pytest.raises(DataError, match=r"hold the column 'user'; they hold .*usr.* Did you mean"):
        evaluate_stream(METRICS, [frame.rename({"user": "usr"})], tmp_path)
    with pytest.raises(DataError, match="row that counts; got 0 rows"):
        evaluate_stream(METRICS, [frame[:0]], tmp_path)
    with pytest.raises(DataError, match="row that counts; got 100 rows"):
        evaluate_stream(METRICS, [frame.with_columns(weight=0.0)], tmp_path, 30)
    with pytest.raises(DataError, match="AUC needs rows of both classes; all 100 labels .* are 0"):
        evaluate_stream([AUC()], [frame.with_columns(label=0)], tmp_path, 30)
    assert list(tmp_path.iterdir()) == []


def test_a_metric_that_cannot_be_had_in_parts_is_refused(tmp_path: Path) -> None:
    class Median(Metric):
        symbol, higher_is_better = "Median", None

        def compute(self, data: Predictions) -> float:
            return float(np.median(data.scores))

    with pytest.raises(ConfigError, match="beyond memory; got Median"):
        evaluate_stream([Median()], [log(10)], tmp_path)
