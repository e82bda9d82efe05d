"""Bodies to frames, and the refusals that name what to mend."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
import polars as pl
import pytest

from features.schema import Schema
from serving.problem import RequestError
from serving.request import JsonReader

SCHEMA = Schema.model_validate(
    {
        "features": [
            {"type": "id", "columns": ["a", "b"]},
            {"type": "numeric", "column": "x"},
            {"type": "sequence", "column": "h", "vocabulary": "a"},
            {"type": "sequence", "column": "t", "separator": "|"},
        ]
    }
)
READER = JsonReader(SCHEMA, max_rows=4)
GOOD = {"a": ["u", "v"], "b": [1, 2], "x": [0.5, 2], "h": [["u"], []], "t": ["p|q", None]}


def read(document: Any, **options: Any) -> dict[str, list[Any]]:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    return READER.read(body, **options).frame.to_dict(as_series=False)


def refused(document: Any, **options: Any) -> RequestError:
    with pytest.raises(RequestError) as caught:
        read(document, **options)
    return caught.value


WANTED = {
    "a": ["u", "v"],
    "b": ["1", "2"],
    "x": [0.5, 2.0],
    "h": [["u"], []],
    "t": [["p", "q"], None],
}


def test_columns_rows_and_context_say_the_same() -> None:
    rows = [{name: GOOD[name][i] for name in GOOD} for i in range(2)]
    assert read({"columns": GOOD}) == WANTED
    assert read({"rows": rows}) == WANTED
    own = {name: GOOD[name] for name in "ab"}
    context = {"x": 3, "h": ["u", "w"], "t": "p"}
    shared = {"x": [3.0, 3.0], "h": [["u", "w"]] * 2, "t": [["p"]] * 2}
    assert read({"context": context, "columns": own}) == {**WANTED, **shared}


def test_one_row_wholly_in_the_context() -> None:
    context = {"a": "u", "b": 1, "x": None, "h": [], "t": None}
    frame = read({"context": context, "rows": [{}]})
    assert frame == {"a": ["u"], "b": ["1"], "x": [None], "h": [[]], "t": [None]}


def test_rows_of_one_column() -> None:
    context = {"b": 1, "x": None, "h": [], "t": None}
    assert read({"context": context, "rows": [{"a": "u"}, {"a": None}]})["a"] == ["u", None]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([7, None], ["7", None]),
        ([7.0, 8], ["7", "8"]),
        ([1.5, -0.0], ["1.5", "0"]),
        ([True, False], ["1", "0"]),
        ([None, None], [None, None]),
        ([2**64 - 1, -(2**63)], ["18446744073709551615", "-9223372036854775808"]),
        (["7", "true"], ["7", "true"]),
    ],
)
def test_an_id_has_one_text_whatever_its_json_type(values: list[Any], texts: list[str]) -> None:
    assert read({"columns": {**GOOD, "a": values}})["a"] == texts
    assert read({"columns": {**GOOD, "h": [values, []]}})["h"] == [texts, []]


@pytest.mark.parametrize("values", [[True, False], [1, 0], [1.0, 0]])
def test_numbers_may_be_booleans_or_integers(values: list[Any]) -> None:
    frame = READER.read(orjson.dumps({"columns": {**GOOD, "x": values}})).frame
    assert frame.schema["x"] == pl.Float64
    assert frame["x"].to_list() == [1.0, 0.0]


def test_every_request_has_the_same_types() -> None:
    def types(document: Any) -> dict[str, pl.DataType]:
        return dict(READER.read(orjson.dumps(document)).frame.schema)

    wanted = types({"columns": GOOD})
    assert types({"columns": {name: [None] for name in GOOD}}) == wanted
    assert types({"context": dict.fromkeys(GOOD), "rows": [{}]}) == wanted
    assert types({"rows": [{"a": 1.5, "b": True, "x": 1, "h": [True], "t": [1.0]}]}) == wanted


def test_texts_may_look_like_json() -> None:
    odd = ['a:"b"\\:', "true"]
    assert read({"columns": {**GOOD, "a": odd}})["a"] == odd


def test_long_texts_pass() -> None:
    long = "é" * 100_000
    assert read({"columns": {**GOOD, "a": [long, "v"]}})["a"][0] == long


COLUMNS: list[tuple[str, list[Any], str | None, int | None]] = [
    ("x", ["1", 2], "text '1'", 0),
    ("x", [1, "2"], "text '2'", 1),
    ("x", [True, 2], "true", 0),
    ("x", [[1], 2], "a list", 0),
    ("a", ["u", 1], "number 1", 1),
    ("a", [None, {}], "an object", 1),
    ("a", [1, True], "true", 1),
    ("a", ["u", ["v"]], "a list", 1),
    ("b", [1, 2**64], "number 1.8", 1),
    ("b", [1, -(2**63) - 1], "number -9.2", 1),
    ("h", ["u", []], "text 'u'", 0),
    ("h", [[], {}], "an object", 1),
    ("h", [["u"], [None, 1]], "number 1", 1),
    ("h", [[], [["u"]]], "a list", 1),
    ("t", ["p", 1], "number 1", 1),
    ("t", ["p", [1]], "number 1", 1),
]


@pytest.mark.parametrize(("column", "values", "came", "row"), COLUMNS)
def test_bad_values_name_column_and_row(
    column: str, values: list[Any], came: str, row: int
) -> None:
    # json writes integers of any size, orjson does not
    error = refused(json.dumps({"columns": {**GOOD, column: values}}).encode())
    assert (error.kind.status, error.kind.slug) == (422, "bad-value")
    assert (error.column, error.row) == (column, row)
    assert f"'{column}'" in error.detail
    assert f"row {row}" in error.detail
    assert came in error.detail


def test_bad_context_value_names_the_context() -> None:
    own = {name: GOOD[name] for name in "abht"}
    error = refused({"context": {"x": "1"}, "columns": own})
    assert (error.column, error.row) == ("x", None)
    assert "the context holds the text '1'" in error.detail


def without(name: str) -> dict[str, Any]:
    return {other: values for other, values in GOOD.items() if other != name}


BODIES: list[tuple[Any, int, str, str]] = [
    (b"", 400, "bad-body", "must be JSON"),
    (b"{", 400, "bad-body", "line 1 column 2"),
    (b'{"columns": {"x": [NaN]}}', 400, "bad-body", "send null"),
    (b'{"columns": {"x": [1e999]}}', 400, "bad-body", "infinity"),
    (b'{"columns": "\xff"}', 400, "bad-body", "UTF-8"),
    (b'"\\ud800"', 400, "bad-body", "surrogate"),
    (b"[" * 100_000, 400, "bad-body", "depth limit"),
    (b"[]", 400, "bad-body", "must be an object; it is a list"),
    ({"columns": GOOD, "colums": {}}, 400, "bad-body", "'colums'"),
    ({"columns": GOOD, "top_k": 1}, 400, "bad-body", "'top_k'"),
    ({"columns": GOOD, "rows": []}, 400, "bad-body", "either"),
    ({"context": {}}, 400, "bad-body", "either"),
    ({"context": [], "columns": GOOD}, 400, "bad-body", "'context' must be an object"),
    ({"columns": []}, 400, "bad-body", "'columns' must be an object"),
    ({"rows": {}}, 400, "bad-body", "'rows' must be a list"),
    ({"rows": []}, 400, "bad-body", "at least one row"),
    ({"columns": {}}, 400, "bad-body", "at least one row"),
    ({"columns": {name: [] for name in GOOD}}, 400, "bad-body", "at least one row"),
    (
        {"columns": {name: [None] * 5 for name in GOOD}},
        413,
        "too-large",
        "at most 4 rows; this holds 5",
    ),
    ({"rows": [{}] * 5}, 413, "too-large", "at most 4 rows"),
    ({"rows": [1]}, 422, "bad-value", "row 0 is the number 1"),
    ({"columns": {**GOOD, "x": 1}}, 422, "bad-value", "Column 'x' must hold a list"),
    ({"columns": {**GOOD, "x": [1]}}, 422, "bad-columns", "'a' holds 2 values and 'x' holds 1"),
    ({"columns": without("x")}, 422, "bad-columns", "lacks 'x'"),
    ({"columns": {**GOOD, "age": [1, 2]}}, 422, "bad-columns", "does not read 'age'"),
    ({"context": {"b": 1}, "columns": GOOD}, 422, "bad-columns", "'b' came in both"),
    ({"rows": [{"a": 1}, {"b": 1}]}, 422, "bad-columns", "row 0 holds 'a' and row 1 does not"),
    ({"rows": [{"a": 1}, {"a": 1, "x": 1}]}, 422, "bad-columns", "row 1 holds 'x' and row 0"),
]


@pytest.mark.parametrize(("document", "status", "slug", "words"), BODIES)
def test_bad_bodies(document: Any, status: int, slug: str, words: str) -> None:
    error = refused(document)
    assert (error.kind.status, error.kind.slug) == (status, slug)
    assert words in error.detail


def test_a_mistyped_column_gets_the_nearest_name() -> None:
    reader = JsonReader(Schema.model_validate({"features": [{"type": "id", "column": "user"}]}), 9)
    with pytest.raises(RequestError, match=r"Did you mean 'user'\?"):
        reader.read(b'{"columns": {"usr": [1]}}')


@pytest.mark.parametrize(
    "body",
    [
        b'{"columns":{},"columns":%b}',
        b'{"context":{"a":"u","a":"v"},"columns":{"b":[1],"x":[1],"h":[[]],"t":[""]}}',
        b'{"columns":{"a":["u"],"b":[1],"x":[1],"x":[2],"h":[[]],"t":[""]}}',
        b'{"columns":{"a":["u:"],"b":[1],"x" : [1],"\\u0078":[2],"h":[[]],"t":["\\\\\\":"]}}',
        b'{"context":{"b":1,"x":1,"h":[],"t":""},"rows":[{"a":1},{"a":1,"a":2}]}',
    ],
)
def test_equal_keys_are_refused(body: bytes) -> None:
    error = refused(body.replace(b"%b", orjson.dumps(GOOD)))
    assert error.kind.slug == "bad-body"
    assert "same key twice" in error.detail


def test_a_refusal_does_not_grow_with_the_request() -> None:
    long = "x" * 1_000_000
    for document in ({long: 1}, {"columns": {long: [1]}}, {"columns": {**GOOD, "x": [long, 1]}}):
        assert len(refused(document).detail) < 500


@pytest.mark.parametrize("top_k", [0, -1, True, 1.0, "2", [1]])
def test_top_k_is_a_positive_integer(top_k: Any) -> None:
    error = refused({"columns": GOOD, "top_k": top_k}, ranking=True)
    assert "'top_k' must be a whole number" in error.detail


@pytest.mark.parametrize("top_k", [None, 1, 99])
def test_top_k_is_read(top_k: int | None) -> None:
    body = orjson.dumps({"columns": GOOD, "top_k": top_k})
    assert READER.read(body, ranking=True).options.top_k == top_k


def test_a_column_read_as_id_and_as_number_takes_numbers() -> None:
    schema = Schema.model_validate(
        {
            "features": [
                {"type": "id", "name": "age_id", "column": "age"},
                {"type": "numeric", "name": "age_number", "column": "age"},
            ]
        }
    )
    frame = JsonReader(schema, 9).read(b'{"columns": {"age": [7, null]}}').frame
    assert frame.schema["age"] == pl.Float64
    assert frame["age"].to_list() == [7.0, None]


def test_numbers_keep_every_bit() -> None:
    values = [math.pi, 5e-324]
    assert read({"columns": {**GOOD, "x": values}})["x"] == values


def test_a_missing_list_is_no_empty_one() -> None:
    lists = {**GOOD, "h": [None, []], "t": ["", "|"]}
    found = read({"columns": lists})
    assert (found["h"], found["t"]) == ([None, []], [None, ["", ""]])
    problem = refused({"columns": {**GOOD, "h": [None, [["u"]]]}})
    assert (problem.column, problem.row) == ("h", 1)


def test_maps_have_keys_of_their_own() -> None:
    known = {"type": "lookup", "name": "known", "column": "clicks", "key": "item"}
    features = {"features": [{"type": "numeric", "column": "known"}], "derived": [known]}
    reader = JsonReader(Schema.model_validate(features), max_rows=4)
    columns = {"item": ["a", "b:c", None], "clicks": [{"a": 1, "b:c": 0.5}, {}, None]}
    entries = [{"key": "a", "value": 1.0}, {"key": "b:c", "value": 0.5}]
    assert reader.read(orjson.dumps({"columns": columns})).frame.to_dict(as_series=False) == {
        "item": ["a", "b:c", None],
        "clicks": [entries, [], None],
    }
    with pytest.raises(RequestError, match="same key twice"):
        reader.read(b'{"columns": {"item": ["a"], "clicks": [{"a": 1, "a": 2}]}}')
    with pytest.raises(RequestError, match="'clicks' must hold objects, or null; row 0 holds a li"):
        reader.read(b'{"columns": {"item": ["a"], "clicks": [[]]}}')


LOOSE = Schema.model_validate(
    {
        "features": [{"type": "id", "columns": ["at", "hour", "flag"]}],
        "derived": [{"type": "time", "name": "hour", "column": "at", "part": "hour", "unit": "ns"}],
    }
)


@pytest.mark.parametrize("flag", [None, True])  # with a boolean, every value is looked at
@pytest.mark.parametrize(
    ("values", "dtypes"),
    [
        ([None, None], {pl.Null}),
        ([7, None], {pl.Int64}),
        ([1706745599000000001, 7], {pl.Int64, pl.Int128}),
        ([2**64 - 1, 7], {pl.Int128}),
        ([7, 0.5], {pl.Float64}),
        (["2024-01-31", None], {pl.String}),
    ],
)
def test_values_of_any_type_keep_it_to_the_last_digit(
    values: list[Any], dtypes: set[Any], flag: bool | None
) -> None:
    body = orjson.dumps({"columns": {"at": values, "flag": [flag, None]}})
    found = JsonReader(LOOSE, max_rows=4).read(body).columns["at"]
    assert found.dtype in dtypes
    assert found.to_list() == values
