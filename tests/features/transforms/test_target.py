import datetime as dt
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from xxhash import xxh3_64_intdigest

from features import store
from features.encoder import Encoder
from features.errors import DataError, SchemaError
from features.fit import fit
from features.schema import Schema
from features.transforms.target import Target

ANY = settings(deadline=None, max_examples=40)
FOLDS: dict[str, Any] = {"fold_by": "session", "folds": 3}
TIMES: dict[str, Any] = {"before": "at", "period": 10}
WAYS = [FOLDS, TIMES]


def learned(frame: pl.DataFrame, **options: Any) -> Encoder:
    rate = {"type": "target", "name": "rate", "column": "item", "smoothing": 2.0, **options}
    return fit(Schema.model_validate({"features": [rate], "label": "click"}), [frame])


def training(frame: pl.DataFrame, **options: Any) -> np.ndarray:
    return learned(frame, **options).encode_training(frame)["rate"].to_numpy()


def serving(frame: pl.DataFrame, asked: pl.DataFrame | None = None, **options: Any) -> np.ndarray:
    encoder = learned(frame, **options)
    return encoder.encode(frame if asked is None else asked)["rate"].to_numpy()


def fold(session: str | None, folds: int) -> int:
    """XXH3, remixed by the second output of SplitMix64, folded by the high bits."""
    z = (xxh3_64_intdigest((session or "").encode()) + 2 * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return ((z ^ (z >> 31)) >> 32) * folds >> 32


def parts(frame: pl.DataFrame, options: dict[str, Any]) -> list[int]:
    if "before" in options:
        return [math.floor(at / options["period"]) for at in frame["at"]]
    return [fold(session, options["folds"]) for session in frame["session"]]


def logit(p: float) -> float:
    p = min(max(p, 1e-6), 1 - 1e-6)
    return math.log(p / (1 - p))


def smoothed(statistic: str, labels: list[float], everyone: list[float]) -> float:
    prior = sum(everyone) / len(everyone) if everyone else 0.5
    mean = (sum(labels) + 2 * prior) / (len(labels) + 2)
    if statistic == "count":
        return math.log1p(len(labels))
    return mean - prior if statistic == "mean" else logit(mean) - logit(prior)


def slowly(frame: pl.DataFrame, statistic: str, options: dict[str, Any]) -> list[float]:
    """The encoding of training rows, one by one, by its definition."""
    rows = [*zip(frame["item"], frame["click"], parts(frame, options), strict=True)]

    def seen(own: int, part: int) -> bool:
        return part < own if "before" in options else part != own

    return [
        smoothed(
            statistic,
            [y for other, y, part in rows if (other or "") == (item or "") and seen(own, part)],
            [y for _, y, part in rows if seen(own, part)],
        )
        for item, _, own in rows
    ]


ITEMS = st.sampled_from(["a", "b", "c", "", None, "🦀"])
ROW = st.tuples(ITEMS, st.sampled_from("uvwxyz") | st.none(), st.floats(-50, 50), st.integers(0, 1))


def log(rows: list[Any]) -> pl.DataFrame:
    dtypes = {"item": pl.String, "session": pl.String, "at": pl.Float64, "click": pl.Int64}
    return pl.DataFrame(rows, schema=dtypes, orient="row")


LOGS = st.lists(ROW, min_size=1, max_size=25).map(log)


@given(LOGS, st.sampled_from(WAYS), st.sampled_from(["rate", "mean", "count"]))
@ANY
def test_training_rows_agree_with_the_definition(
    frame: pl.DataFrame, options: dict[str, Any], statistic: str
) -> None:
    found = training(frame, statistic=statistic, **options)
    expected = slowly(frame, statistic, options)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@given(LOGS, LOGS, st.sampled_from(["rate", "mean", "count"]))
@ANY
def test_all_others_read_one_table(
    frame: pl.DataFrame, asked: pl.DataFrame, statistic: str
) -> None:
    everyone = frame["click"].to_list()
    rows = [(item or "", click) for item, click in zip(frame["item"], everyone, strict=True)]
    expected = [
        smoothed(statistic, [click for other, click in rows if other == (item or "")], everyone)
        for item in asked["item"]
    ]
    for options in WAYS:
        found = serving(frame, asked.select("item"), statistic=statistic, **options)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_by_hand() -> None:
    rows = [("a", None, at, click) for at, click in [(1, 1), (2, 0), (11, 1), (12, 1), (29, 0)]]
    frame = log([*rows, ("b", None, 5, 0)])
    # Before 10 nothing; before 20 one of two clicked for a, one of three in all.
    first = logit((1 + 2 / 3) / (2 + 2)) - logit(1 / 3)
    second = logit((3 + 2 * 3 / 5) / (4 + 2)) - logit(3 / 5)
    expected = [0, 0, first, first, second, 0]
    assert training(frame, **TIMES) == pytest.approx(expected, abs=1e-6)
    assert serving(frame, log([("z", None, 0, 0)]), **TIMES).tolist() == [0.0]


@given(LOGS, st.data(), st.sampled_from(["rate", "mean"]))
@ANY
def test_no_label_of_a_rows_own_fold_reaches_it(
    frame: pl.DataFrame, data: st.DataObject, statistic: str
) -> None:
    fold_of = np.array(parts(frame, FOLDS))
    own = fold_of == data.draw(st.sampled_from(fold_of.tolist()))
    drawn = data.draw(st.lists(st.integers(0, 1), min_size=len(own), max_size=len(own)))
    changed = frame.with_columns(click=pl.Series(np.where(own, drawn, frame["click"])))
    before, after = (training(one, statistic=statistic, **FOLDS) for one in (frame, changed))
    assert np.array_equal(before[own], after[own])


@given(LOGS, st.data(), st.sampled_from(["rate", "mean"]))
@ANY
def test_no_label_of_a_rows_own_or_a_later_period_reaches_it(
    frame: pl.DataFrame, data: st.DataObject, statistic: str
) -> None:
    period = np.array(parts(frame, TIMES))
    first = data.draw(st.sampled_from(period.tolist()))
    drawn = data.draw(st.lists(st.integers(0, 1), min_size=len(period), max_size=len(period)))
    changed = frame.with_columns(click=pl.Series(np.where(period >= first, drawn, frame["click"])))
    before, after = (training(one, statistic=statistic, **TIMES) for one in (frame, changed))
    assert np.array_equal(before[period <= first], after[period <= first])


def noise(rows: int = 6000, keys: int = 2000) -> pl.DataFrame:
    """Labels that nothing tells, by keys of three rows each."""
    order = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "item": order.integers(0, keys, rows),
            "session": order.integers(0, rows, rows),
            "at": order.uniform(0, 1000, rows),
            "click": order.integers(0, 2, rows),
        }
    )


@pytest.mark.parametrize("options", WAYS)
def test_labels_of_other_parts_do_reach_a_row(options: dict[str, Any]) -> None:
    frame = noise()
    part = np.array(parts(frame.cast({"session": pl.String}), options))
    changed = frame.with_columns(click=pl.Series(np.where(part == 1, 1, frame["click"])))
    before, after = (training(one, **options) for one in (frame, changed))
    differs = before != after
    assert not differs[part == 1].any()
    assert differs[part > 1].mean() > 0.5


@pytest.mark.parametrize("statistic", ["rate", "mean"])
@pytest.mark.parametrize("options", WAYS)
def test_labels_of_noise_stay_noise_where_an_encoding_in_sample_tells_them(
    options: dict[str, Any], statistic: str
) -> None:
    frame = noise()
    label = frame["click"].to_numpy()
    apart = np.corrcoef(training(frame, statistic=statistic, **options), label)[0, 1]
    in_sample = np.corrcoef(serving(frame, statistic=statistic, **options), label)[0, 1]
    assert abs(apart) < 0.04  # 3 standard deviations of 6,000 rows
    assert in_sample > 0.4


def test_sessions_stay_whole_and_spread_over_the_folds() -> None:
    sessions = [f"s{i}" for i in range(3000)]
    assert np.bincount([fold(one, 5) for one in sessions], minlength=5).min() > 500
    # One session holds all clicks: were it divided, some of its own rows would see others.
    rows = [(item, session, 0, int(session == "s7" and item == "a"))
            for item in "aab" for session in sessions]  # fmt: skip
    found = training(log(rows), fold_by="session", folds=5)
    own = fold("s7", 5)
    for session, value in zip(sessions, found, strict=False):
        assert (value == 0) == (fold(session, 5) == own)


def test_the_query_holds_rows_apart_by_default() -> None:
    frame = noise(300, 30)
    rate = {"type": "target", "name": "rate", "column": "item", "smoothing": 2.0, "folds": 3}
    roles = {"label": "click", "query": "session"}
    found = fit(Schema.model_validate({"features": [rate], **roles}), [frame])
    assert np.array_equal(found.encode_training(frame)["rate"], training(frame, **FOLDS))


DAY = dt.datetime(2024, 1, 31, 23, 30, tzinfo=dt.UTC)
MOMENTS = [DAY, DAY + dt.timedelta(hours=1), DAY + dt.timedelta(days=2), DAY]


@pytest.mark.parametrize(
    "times",
    [
        pl.Series(MOMENTS),
        pl.Series(MOMENTS).cast(pl.Datetime("ms")),
        pl.Series(MOMENTS).cast(pl.Datetime("ns", "UTC")),
        pl.Series(MOMENTS).dt.convert_time_zone("Asia/Kathmandu"),
        pl.Series(MOMENTS).dt.date(),
        pl.Series(MOMENTS).dt.epoch("s"),
        pl.Series(MOMENTS).dt.epoch("s").cast(pl.Decimal(18, 3)),
        pl.Series([19753.0, 19754.9, 19756.0, 19753.5]),
    ],
    ids=lambda series: str(series.dtype),
)
def test_periods_are_days_of_any_kind_of_time(times: pl.Series) -> None:
    frame = pl.DataFrame({"item": ["a"] * 4, "at": times, "click": [1, 1, 0, 0]})
    period = {"period": 1} if times.dtype == pl.Float64 else {}
    found = training(frame, before="at", **period)
    second = logit((1 + 2 * 0.5) / (2 + 2)) - logit(0.5)
    third = logit((2 + 2 * 2 / 3) / (3 + 2)) - logit(2 / 3)
    assert found == pytest.approx([0, second, third, 0], abs=1e-6)


@pytest.mark.parametrize(
    "times", [["x"], [None], [math.nan], [math.inf], [dt.time(1)], [dt.timedelta(1)], [True]]
)
def test_every_row_has_a_time(times: list[Any]) -> None:
    frame = pl.DataFrame({"item": ["a"], "at": times, "click": [1]})
    with pytest.raises(SchemaError, match="Column 'at' must hold a time in every row for 'rate'"):
        learned(frame, before="at")


@pytest.mark.parametrize("options", WAYS)
def test_parts_without_rows_add_nothing(options: dict[str, Any]) -> None:
    frame = noise(50, 5)
    schema = learned(frame, **options).schema
    found = fit(schema, [frame.head(0), frame, frame.head(0)])
    assert found.fingerprint == fit(schema, [frame]).fingerprint
    assert found.encode_training(frame.head(0)).height == 0


@pytest.mark.parametrize("label", [[0, 2], [0.5, 1], [1, None], ["x", "1"], [math.nan, 1]])
def test_a_rate_is_of_zeros_and_ones(label: list[Any]) -> None:
    frame = pl.DataFrame({"item": ["a", "b"], "session": [1, 2], "click": label})
    with pytest.raises(DataError, match=r"Labels must be .*'click' holds others"):
        learned(frame, **FOLDS)


def test_a_mean_is_of_any_finite_label() -> None:
    frame = pl.DataFrame({"item": ["a", "a"], "session": [1, 2], "click": [-2.5, 7.5]})
    assert serving(frame, statistic="mean", **FOLDS) == pytest.approx([0, 0])
    with pytest.raises(DataError, match="finite"):
        learned(frame.with_columns(click=pl.Series([1.0, math.inf])), statistic="mean", **FOLDS)


def test_a_bundle_cannot_encode_the_rows_learned_from(tmp_path: Path) -> None:
    frame = noise(50, 5)
    encoder = learned(frame, **FOLDS)
    store.save(encoder, tmp_path / "bundle")
    store.save(encoder, tmp_path / "prepared", training=True)
    bundle, prepared = (store.load(tmp_path / name) for name in ("bundle", "prepared"))
    assert bundle.encode(frame).equals(encoder.encode(frame))
    assert prepared.encode_training(frame).equals(encoder.encode_training(frame))
    with pytest.raises(DataError, match="'rate' must know the log that it was learned from"):
        bundle.encode_training(frame)


def test_rows_are_held_apart_in_one_way() -> None:
    with pytest.raises(ValidationError, match="`fold_by` or by `before`; got both"):
        Target(name="rate", column="item", fold_by="session", before="at")
