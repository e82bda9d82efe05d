from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import DataError, SchemaError
from features.readers.source import Source
from pipelines.splits.time import ByTime

Parts = Callable[..., list[str]]


def test_time_keeps_equal_times_together_and_parts_in_order(parts: Parts) -> None:
    times = [5, 1, 1, 1, 2, 9, 2, 3, 3, 4]
    found = parts(ByTime(column="t", train=0.4, valid=0.3, test=0.3), pl.DataFrame({"t": times}))
    # Ranks 0.4 * 9 = 3.6 -> 4 and 0.7 * 9 = 6.3 -> 7 of 1 1 1 2 2 3 3 4 5 9.
    expected = {1: "train", 2: "valid", 3: "valid", 4: "test", 5: "test", 9: "test"}
    assert found == [expected[time] for time in times]


@pytest.mark.parametrize(
    "shares", [(0.8, 0.0, 0.2, 0.0), (0.7, 0.2, 0.1, 0.0), (1.0, 0.0, 0.0, 0.0)]
)
def test_a_part_without_a_share_gets_no_row(parts: Parts, shares: tuple[float, ...]) -> None:
    split = ByTime.model_validate(
        {"column": "t", **dict(zip(("train", "ranker", "valid", "test"), shares, strict=True))}
    )
    assert set(parts(split, pl.DataFrame({"t": range(10)}))) == set(split.parts)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None
)
@given(
    st.one_of(
        st.lists(st.floats(allow_nan=False), min_size=1, max_size=60),
        st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=60),
    )
)
def test_the_cuts_are_numpys_quantiles(parts: Parts, times: list[float]) -> None:
    split = ByTime(column="t", train=0.6, ranker=0.1, valid=0.2, test=0.1)
    found = parts(split, pl.DataFrame({"t": pl.Series(times, dtype=pl.Float64)}))
    ends = np.quantile(times, split.bounds, method="higher")
    names = np.array(["train", "ranker", "valid", "test"])
    assert found == names[np.searchsorted(ends, times, side="right")].tolist()


def test_integers_beyond_float64_are_told_apart(parts: Parts) -> None:
    times = [2**53, 2**53 + 1, 2**53 + 2, 2**53 + 3]
    split = ByTime(column="t", train=0.5, valid=0.25, test=0.25)
    assert parts(split, pl.DataFrame({"t": times})) == ["train", "train", "valid", "test"]
    unsigned = pl.DataFrame({"t": pl.Series([2**63 + t for t in times], dtype=pl.UInt64)})
    assert parts(split, unsigned) == ["train", "train", "valid", "test"]


def test_dates_with_times_split_to_the_nanosecond(parts: Parts) -> None:
    times = [datetime(2026, 1, 1) + timedelta(microseconds=i) for i in (3, 0, 2, 1)]
    frame = pl.DataFrame({"t": times}).with_columns(pl.col("t").cast(pl.Datetime("ns")))
    split = ByTime(column="t", train=0.5, valid=0.25, test=0.25)
    assert parts(split, frame) == ["test", "train", "valid", "train"]


@pytest.mark.parametrize("times", [[1.0, None], [1.0, float("nan")]])
def test_a_time_must_be_known(
    stored: Callable[[pl.DataFrame], Source], times: list[float | None]
) -> None:
    with pytest.raises(DataError, match="misses 1 of 2 rows"):
        ByTime(column="t").measure(stored(pl.DataFrame({"t": times})))


def test_a_time_must_be_ordered(stored: Callable[[pl.DataFrame], Source]) -> None:
    with pytest.raises(SchemaError, match="numbers or times"):
        ByTime(column="t").measure(stored(pl.DataFrame({"t": ["a", "b"]})))
