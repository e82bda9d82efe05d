import math
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.derived.lookup import Lookup
from features.errors import SchemaError

LOOKUP = Lookup(name="x", column="counts", key="key")


def found(counts: Any, key: Any, made: Lookup = LOOKUP) -> list[Any]:
    frame = pl.DataFrame({"counts": counts, "key": key}, strict=False)
    return frame.select(made.expression(frame.schema)).to_series().to_list()


MAPS: list[Any] = [{"a": 1.0, "b": 2.0}, {}, None, {"": 3.0, "a": None}]
ENTRIES = [
    None if one is None else [{"key": key, "value": value} for key, value in one.items()]
    for one in MAPS
]
FORMS = {
    "map": pl.Series(MAPS, dtype=pl.Map(pl.String, pl.Float64)),
    "list": pl.Series(ENTRIES),
    "struct": pl.Series(MAPS, dtype=pl.Struct({"a": pl.Float64, "b": pl.Float64, "": pl.Float64})),
    "parquet": pl.Series(pa.array(
        [None if one is None else list(one.items()) for one in MAPS],
        pa.map_(pa.string(), pa.float64()),
    )),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_by_hand_in_any_form(form: str) -> None:
    counts = FORMS[form]
    assert found(counts, ["b", "b", "b", "a"]) == [2, None, None, None]
    assert found(counts, ["a", None, "a", ""]) == [1, None, None, None]
    assert found(counts, [None] * 4) == [None] * 4


def test_keys_are_compared_as_ids() -> None:
    whole = pl.Series([{7: 1.0}, {7: 2.0}], dtype=pl.Map(pl.Int64, pl.Float64))
    named = pl.Series([{"7": 1}, {"7": 2}], dtype=pl.Map(pl.String, pl.Int64))
    for counts in (whole, named, pl.Series([{"7": 1}, {"7": 2}])):
        for key in (["7", "8"], [7, 8], [7.0, math.nan]):
            assert found(counts, key) == [1, None]


def test_the_last_of_equal_keys_counts() -> None:
    entries = [[{"key": 7.0, "value": 1}, {"key": None, "value": 5}, {"key": 7.0, "value": 2}]]
    assert found(entries, ["7"]) == [2]


def test_values_as_numbers_and_as_ids() -> None:
    ids = Lookup(name="x", column="counts", key="key", value="id")
    numbers = pl.Series([{"a": 7.0}, {"a": math.nan}, {"a": math.inf}])
    assert found(numbers, ["a"] * 3) == [7, None, None]
    assert found(numbers, ["a"] * 3, ids) == ["7", None, "inf"]
    assert found(pl.Series([{"a": "Oslo"}, {"a": ""}]), ["a", "a"], ids) == ["Oslo", None]
    mixed = pl.Series([{"a": "Oslo", "b": 7}, {"a": "Oslo", "b": 8}])
    assert found(mixed, ["a", "b"], ids) == ["Oslo", "8"]


def test_structs_without_fields_and_columns_without_values() -> None:
    assert found(pl.Series([{}, {}], dtype=pl.Struct({})), ["a", "b"]) == [None, None]
    assert found([None, None], ["a", "b"]) == [None, None]
    assert found([[], []], ["a", "b"]) == [None, None]


KEYS = st.text("ab7", max_size=2)


@given(st.lists(st.tuples(st.dictionaries(KEYS, st.integers(-9, 9), max_size=5), KEYS), min_size=1))
@settings(deadline=None)
def test_agrees_with_pythons_dictionaries(rows: list[tuple[dict[str, int], str]]) -> None:
    counts = pl.Series([one for one, _ in rows], dtype=pl.Map(pl.String, pl.Int64))
    expected = [one.get(key) if key else None for one, key in rows]
    keys = pl.Series([key for _, key in rows], dtype=pl.String)
    assert found(counts, keys) == expected
    structs = pl.Series([one for one, _ in rows], dtype=pl.Struct(
        {key: pl.Int64 for one, _ in rows for key in one}
    ))  # fmt: skip
    assert found(structs, keys) == expected


def test_it_wants_a_map_and_an_id() -> None:
    assert LOOKUP.wants == {"counts": "map", "key": "id"}


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (pl.String(), "must hold maps.*; it holds String. Write it as a map"),
        (pl.List(pl.Int64), "must hold maps"),
        (pl.List(pl.Struct({"k": pl.String, "v": pl.Int64})), "must hold maps"),
        (pl.Map(pl.String, pl.String), "must hold numbers; it holds String"),
        (pl.Struct({"a": pl.String}), "must hold numbers; it holds String"),
        (pl.Map(pl.String, pl.List(pl.Int64)), "must hold numbers; it holds List"),
    ],
)
def test_what_holds_no_maps_is_refused(counts: pl.DataType, message: str) -> None:
    with pytest.raises(SchemaError, match=f"Column 'counts' {message}"):
        LOOKUP.expression({"counts": counts, "key": pl.String()})
