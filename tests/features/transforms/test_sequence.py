import datetime as dt
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.errors import DataError, SchemaError
from features.index import FIRST, MISSING, UNSEEN
from features.layout import SequenceField
from features.plan import Plan
from features.state import State
from features.statistics import Counts
from features.transforms.sequence import Sequence
from features.vocabulary import Vocabulary

KNOWN = State(vocabulary=Vocabulary.of(pl.Series(["1", "2", "3", "a"])))
TEXT = pl.List(pl.String)


def history(**options: Any) -> Sequence:
    return Sequence(name="seen", column="history", **options)


def encoded(values: pl.Series, **options: Any) -> list[list[int]]:
    plan = Plan([(history(**options), KNOWN)], [], {"history": values.dtype})
    found = plan({"history": values}, len(values)).frame(plan.layout)
    assert found.schema == {"seen": pl.List(pl.Int32)}
    assert found["seen"].null_count() == 0
    return found["seen"].to_list()


def counted(values: pl.Series, **options: Any) -> dict[str, int]:
    found = history(**options).count(values.to_frame("history"))
    return dict(found.table.iter_rows())


def test_known_unseen_and_missing_elements() -> None:
    values = [["1", "9", None, "a", ""], [], None, [None], ["3"]]
    assert encoded(pl.Series(values, dtype=TEXT)) == [[2, 1, 5], [], [], [], [4]]


def test_counts_every_element_that_is_not_missing() -> None:
    values = [["1", "9", None, "1", ""], [], None, [None], ["9"]]
    assert counted(pl.Series(values, dtype=TEXT)) == {"1": 2, "9": 2}


def test_keeps_the_end_that_is_named() -> None:
    values = pl.Series([["1", "2", "3"], ["1", "2"], ["3"]])
    assert encoded(values, max_length=2) == [[3, 4], [2, 3], [4]]
    assert encoded(values, max_length=2, keep="first") == [[2, 3], [2, 3], [4]]


def test_missing_elements_do_not_use_up_the_length() -> None:
    values = pl.Series([["1", "2", None, ""], [None, "", "1", "2"]])
    assert encoded(values, max_length=2) == [[2, 3], [2, 3]]
    assert encoded(values, max_length=2, keep="first") == [[2, 3], [2, 3]]


def test_counts_what_the_length_cuts_off_too() -> None:
    assert counted(pl.Series([["1", "2", "3"]]), max_length=1) == {"1": 1, "2": 1, "3": 1}


ELEMENTS = st.none() | st.sampled_from(["", "1", "2", "3", "a", "b", "🦀", "'", "x" * 3000])


@given(st.lists(st.none() | st.lists(ELEMENTS, max_size=6), max_size=6), st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_agrees_with_plain_python(values: list[list[str | None] | None], length: int) -> None:
    rows = {value: row for row, value in enumerate(["1", "2", "3", "a"], FIRST)}
    present = [[rows.get(one, UNSEEN) for one in (some or []) if one] for some in values]
    series = pl.Series(values, dtype=TEXT)
    assert encoded(series, max_length=length) == [some[-length:] for some in present]
    assert encoded(series, max_length=length, keep="first") == [some[:length] for some in present]


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([[1, 2], [3, None]]),
        pl.Series([[1, 2], [3, None]], dtype=pl.List(pl.UInt8)),
        pl.Series([[1.0, 2.0], [3.0, float("nan")]]),
        pl.Series([["1", "2"], ["3", None]], dtype=pl.List(pl.Categorical)),
        pl.Series([[1, 2], [3, None]], dtype=pl.Array(pl.Int64, 2)),
    ],
    ids=lambda series: str(series.dtype),
)
def test_elements_and_lists_of_any_type(values: pl.Series) -> None:
    assert encoded(values) == [[2, 3], [4]]
    assert counted(values) == {"1": 1, "2": 1, "3": 1}


def test_elements_that_are_booleans_or_dates() -> None:
    assert encoded(pl.Series([[True, False]])) == [[2, 1]]
    assert counted(pl.Series([[dt.date(2024, 1, 31)]])) == {"2024-01-31": 1}


def test_text_is_split_at_the_separator() -> None:
    values = pl.Series(["1|2||a", "", None, "|", "3", "2;1"])
    assert encoded(values, separator="|") == [[2, 3, 5], [], [], [], [4], [1]]
    assert counted(values, separator="|") == {"1": 1, "2": 1, "a": 1, "3": 1, "2;1": 1}
    assert encoded(pl.Series(["1 | 2"]), separator=" | ") == [[2, 3]]


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([1, 2, None]),
        pl.Series([1.0, 2.0, float("nan")]),
        pl.Series(["1", "2", ""], dtype=pl.Categorical),
    ],
)
def test_lists_of_one_may_have_been_read_as_numbers(values: pl.Series) -> None:
    assert encoded(values, separator="|") == [[2], [3], []]


def test_lists_stay_lists_where_a_separator_is_declared() -> None:
    assert encoded(pl.Series([["1", "2|3"]]), separator="|") == [[2, UNSEEN]]


@pytest.mark.parametrize("dtype", [pl.Null, pl.List(pl.Null), TEXT, pl.Array(pl.Int64, 2)])
def test_no_values_and_no_rows(dtype: Any) -> None:
    assert encoded(pl.Series([None, None], dtype=dtype)) == [[], []]
    assert encoded(pl.Series([], dtype=dtype)) == []
    assert counted(pl.Series([None], dtype=dtype)) == {}


@pytest.mark.parametrize("dtype", [pl.String(), pl.Int64(), pl.Struct({"a": pl.Int64()})], ids=str)
def test_what_is_no_list_is_refused(dtype: pl.DataType) -> None:
    with pytest.raises(SchemaError, match=r"Column 'history' must hold lists.*`separator`"):
        history().read(dtype)


def test_lists_of_lists_are_refused() -> None:
    with pytest.raises(SchemaError, match="Column 'history'"):
        history().read(pl.List(pl.List(pl.Int64())))


def test_empty_lists_teach_nothing() -> None:
    feature = history()
    empty = feature.count(pl.DataFrame({"history": pl.Series([[], None], dtype=TEXT)}))
    with pytest.raises(DataError, match=r"Column 'history' must hold values.*every list is empty"):
        feature.finalize(empty, Path())


def test_finalizes_within_its_limits() -> None:
    counts = Counts.of(pl.Series([*"aaabbc"]))
    known = history(min_count=2, max_size=1).finalize(counts, Path()).vocabulary
    assert known is not None
    assert known.values.to_list() == ["a"]


@pytest.mark.parametrize(
    "wrong", [{"max_length": 0}, {"max_length": 5000}, {"keep": "middle"}, {"separator": ""}]
)
def test_declarations_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        history(**wrong)


def test_key_and_field() -> None:
    feature = history(vocabulary="item", max_length=7)
    assert (history().key, feature.key) == ("seen", "item")
    assert feature.field(KNOWN) == SequenceField(name="seen", vocabulary="item", length=7)


def test_aligned_lists_keep_their_places() -> None:
    values = pl.Series([["1", None, "9", ""], [None, "2"], [], None, [None] * 5], dtype=TEXT)
    expected = [[2, MISSING, UNSEEN, MISSING], [MISSING, 3], [], [], [MISSING] * 5]
    assert encoded(values, aligned=True) == expected
    assert encoded(values, aligned=True, max_length=2) == [one[-2:] for one in expected]
    assert encoded(values, aligned=True, max_length=2, keep="first") == [
        one[:2] for one in expected
    ]


def test_numbers_that_are_missing_keep_their_places_too() -> None:
    values = pl.Series([[1.0, float("nan"), None, 2.0]])
    assert encoded(values, aligned=True) == [[2, MISSING, MISSING, 3]]
    assert encoded(values) == [[2, 3]]


def test_aligned_text_is_split_into_places() -> None:
    values = pl.Series(["1||2", "|", "", None, "1"])
    assert encoded(values, separator="|", aligned=True) == [
        *([2, MISSING, 3], [MISSING] * 2, [], [], [2])
    ]


def test_missing_places_are_not_counted() -> None:
    values = pl.Series([["1", None, "", "1"]], dtype=TEXT)
    assert counted(values, aligned=True) == {"1": 2}


LISTS = st.lists(st.none() | st.lists(ELEMENTS, max_size=6), min_size=1, max_size=6)


@given(LISTS, st.integers(1, 4), st.sampled_from(["last", "first"]))
@settings(deadline=None, max_examples=40)
def test_lists_cut_alike_stay_aligned(values: list[Any], length: int, keep: str) -> None:
    places = [None if one is None else [str(i % 3 + 1) for i in range(len(one))] for one in values]
    options = {"aligned": True, "max_length": length, "keep": keep}
    found = encoded(pl.Series(values, dtype=TEXT), **options)
    beside = encoded(pl.Series(places, dtype=TEXT), **options)
    rows = {value: row for row, value in enumerate(["1", "2", "3", "a"], FIRST)}
    for original, some, other in zip(values, found, beside, strict=True):
        assert len(some) == len(other) == min(len(original or []), length)
        kept = (original or [])[-length:] if keep == "last" else (original or [])[:length]
        assert some == [rows.get(one, UNSEEN) if one else MISSING for one in kept]


@pytest.mark.parametrize("dtype", [pl.Int64, pl.Categorical])
def test_the_same_elements_in_other_types(dtype: Any) -> None:
    values = pl.Series([["1", None, "3"], None, []], dtype=TEXT).cast(pl.List(dtype))
    assert encoded(values, aligned=True) == [[2, MISSING, 4], [], []]
