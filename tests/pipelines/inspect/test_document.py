"""What is said of a column, against numbers worked out otherwise."""

import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError
from pipelines.inspect.document import QUANTILES, Document
from pipelines.inspect.profile import Profile

UNREADABLE = ("nested", "struct", "binary", "duration")
Column = Callable[..., Document]


def test_everything_odd_is_described_in_json(
    described: Callable[..., Document], odd: pl.DataFrame
) -> None:
    found = described(odd)
    assert [one["column"] for one in found["columns"]] == odd.columns
    assert json.loads(json.dumps(found, allow_nan=False))["rows"] == odd.height
    assert found["label"]["column"] == "click"
    assert found["label"]["rate"] == odd["click"].mean()
    notes = {one["column"]: one["notes"] for one in found["columns"] if one["notes"]}
    assert notes == {
        "nan": ["holds infinities"],
        "empty": ["no values"],
        "null": ["no values"],
        "constant": ["the same in every row"],
        "row": ["counts the rows"],
        "unique": ["differs in nearly every row"],
        "no list": ["no values"],
        **{name: ["no feature reads this type"] for name in odd.columns if name in UNREADABLE},
    }


@pytest.mark.parametrize("cuts", [(0, 600), (0, 1, 100, 101, 350, 600)])
def test_however_the_rows_are_divided(odd: pl.DataFrame, cuts: tuple[int, ...]) -> None:
    whole = Profile.of(odd, "click")
    pieces = [odd[a:b] for a, b in itertools.pairwise(cuts)]
    merged = Profile.of(pieces[0], "click")
    for piece in pieces[1:]:
        merged = merged.merge(Profile.of(piece, "click"))
    for name, one in whole.columns.items():
        other = merged.columns[name]
        assert (one.total, one.nulls, one.missing) == (other.total, other.nulls, other.missing)
        assert one.notes == other.notes
        if one.lengths is not None:
            assert one.lengths.table.equals(other.lengths.table)
        if one.values is not None and other.values is not None:
            assert one.values.present == other.values.present
            assert (one.values.nans, one.values.empty) == (other.values.nans, other.values.empty)
            assert (one.values.distinct.registers == other.values.distinct.registers).all()
            assert one.values.frequent.top(999).equals(other.values.frequent.top(999))
            if one.values.numbers is not None:
                assert one.values.numbers.table.equals(other.values.numbers.table)
                assert one.values.moments.std == pytest.approx(other.values.moments.std)


def test_missing_is_null_nan_and_empty_text(column: Column) -> None:
    text = column(["a", "", None, "b", "a", ""])
    assert (text["nulls"], text["empty"], text["missing"], text["values"]) == (1, 2, 3, 3)
    assert text["missing_share"] == 0.5
    number = column([1.0, None, math.nan, math.inf])
    assert (number["nulls"], number["nan"], number["infinite"], number["missing"]) == (1, 1, 1, 2)
    lists = column([["a"], [], None, ["b", None]])
    assert (lists["nulls"], lists["missing"], lists["values"]) == (1, 2, 2)


def test_numbers_against_numpy(column: Column) -> None:
    values = np.random.default_rng(0).lognormal(0, 3, 5000)
    numbers = column(values)["numbers"]
    expected = np.quantile(values, QUANTILES, method="inverted_cdf")
    assert list(numbers["quantiles"].values()) == pytest.approx(expected, rel=2**-17)
    assert list(numbers["quantiles"]) == [
        "0%", "1%", "5%", "25%", "50%", "75%", "95%", "99%", "100%",
    ]  # fmt: skip
    assert numbers["mean"] == pytest.approx(values.mean())
    assert numbers["std"] == pytest.approx(values.std())
    assert numbers["quantile_error"] == 2**-17
    assert sum(numbers["bars"]["counts"]) == 5000


def test_times_are_seconds_since_1970(column: Column) -> None:
    days = column(pl.Series([0, 1, 10]).cast(pl.Date))
    assert list(days["numbers"]["quantiles"].values())[::8] == [0, 864_000]
    for unit in ("ms", "us", "ns"):
        moments = column(pl.Series(["2020-01-01T12:00:00"]).str.to_datetime(time_unit=unit))
        assert moments["numbers"]["mean"] == 1_577_880_000
        assert moments["kind"] == "time"


def test_few_values_are_counted_and_many_estimated(column: Column) -> None:
    few = column(["a", "b", "a"])
    assert (few["distinct"], few["distinct_error"]) == (2, 0)
    assert few["top"][0] == {"value": "a", "length": 1, "count": 2, "at_most": 2, "share": 2 / 3}
    many = column([f"{i}" for i in range(40_000)] + ["often"] * 9_000)
    assert many["distinct"] == pytest.approx(40_001, rel=4 * many["distinct_error"])
    assert 0.01 < many["distinct_error"] < 0.02
    assert [one["value"] for one in many["top"][:1]] == ["often"]
    assert many["top"][0]["count"] <= 9_000 <= many["top"][0]["at_most"]


@pytest.mark.parametrize("values", [[7, 7, 3], [7.0, 7.0, 3.0], ["7", "7", "3"]])
def test_values_are_named_as_an_encoder_names_them(column: Column, values: list[Any]) -> None:
    assert [one["value"] for one in column(values)["top"]] == ["7", "3"]


def rates(found: Document) -> dict[Any, tuple[int, int]]:
    def key(one: Document) -> Any:
        return one["value"] or one["name"] or (one["low"], one["high"])

    return {key(one): (one["labelled"], one["positives"]) for one in found["rates"]}


def test_label_rates_of_ids_by_hand(column: Column) -> None:
    found = column(["a", "b", "a", None, "", "a"], [1, 0, 0, 1, 1, 0])
    assert rates(found) == {"a": (3, 1), "b": (1, 0), "missing": (2, 2)}


def test_label_rates_of_many_ids_have_a_rest(column: Column) -> None:
    values = [f"{i % 40:02}" for i in range(800)]
    found = column(values, [i % 2 for i in range(800)])
    assert len(found["rates"]) == 21
    assert rates(found)["the rest"] == (400, 200)
    assert rates(found)["01"] == (20, 20)


def test_label_rates_of_numbers_by_tenths(column: Column) -> None:
    values = [*range(1, 101), None, math.nan]
    labels = [int(one <= 30) for one in range(1, 101)] + [1, 0]
    found = rates(column(pl.Series(values, strict=False, dtype=pl.Float64), labels))
    tenths = {(10 * i + 1, 10 * i + 10): (10, 10 if i < 3 else 0) for i in range(10)}
    assert found == {**tenths, "missing": (2, 1)}


def test_label_rates_of_few_numbers_are_by_value(column: Column) -> None:
    found = rates(column([1, 1, 5, 9, 9, 9], [1, 0, 1, 0, 0, 1], name="price"))
    assert found == {(1, 1): (2, 1), (5, 5): (1, 1), (9, 9): (3, 1)}


def test_label_rates_of_lists_are_by_length(column: Column) -> None:
    found = rates(column([["a"], ["a", "b"], [], None, ["c"]], [1, 0, 1, 1, 0]))
    assert found == {(0, 0): (1, 1), (1, 1): (2, 1), (2, 2): (1, 0), "missing": (1, 1)}


@pytest.mark.parametrize("name", ["amount", "", "long", "boolean", "moment", "list", "nan"])
def test_every_row_is_in_one_bucket(
    described: Callable[..., Document], odd: pl.DataFrame, name: str
) -> None:
    found = described(odd)
    (column,) = (one for one in found["columns"] if one["column"] == name)
    assert sum(one["rows"] for one in column["rates"]) == odd.height
    assert sum(one["positives"] for one in column["rates"] if one["rows"]) == odd["click"].sum()


def test_the_label_is_guessed_named_or_none(described: Callable[..., Document]) -> None:
    frame = pl.DataFrame({"click": [0, 1, 1], "bought": [0, 0, 1], "note": ["a", "b", "c"]})
    assert described(frame)["label"]["column"] == "click"
    assert described(frame, "bought")["label"]["rate"] == pytest.approx(1 / 3)
    none = described(frame, "")
    assert none["label"] == {"column": None, "why": "none was asked for"}
    assert "rates" not in none["columns"][0]
    with pytest.raises(ConfigError, match="'note' holds String"):
        described(frame, "note")
    with pytest.raises(ConfigError, match="Did you mean 'click'"):
        described(frame, "clicks")
    guessless = described(frame.drop("click", "bought"))
    assert guessless["label"]["column"] is None
    assert "One column must be the label" in guessless["label"]["why"]


def test_rows_without_a_label_are_left_out_of_rates(column: Column) -> None:
    path_labels = [1, 0] * 100_000 + [None]  # beyond the rows that the guess looks at
    found = column(["a"] * 200_001, path_labels)
    assert rates(found) == {"a": (200_000, 100_000)}
    assert found["rates"][0]["rows"] == 200_001


def test_the_curve_of_coverage(column: Column) -> None:
    found = column(["a"] * 6 + ["b"] * 3 + ["c"])
    assert found["coverage"] == [(1, 0.6), (2, pytest.approx(0.9)), (3, 1.0)]
