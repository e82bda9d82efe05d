"""What holds for every kind of derived column, on rows that are as bad as rows get."""

import inspect
import json
import math
import tomllib
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from pydantic import TypeAdapter

from features.derivation import with_derived
from features.derived.derived import Derived
from features.derived.embedding import Embedding
from features.derived.functions import FUNCTIONS
from features.derived.registry import AnyDerived
from tests.features import static_model

ADAPTER: TypeAdapter[Derived] = TypeAdapter(AnyDerived)
LONG = "long text 🦀 " * 2_000

TEXT = pl.Series("text", ["Oslo", "", None, "7", " ", "é🦀 x", "2024-01-31T01:02:03Z", LONG])
NUMBER = pl.Series("number", [7.0, None, math.nan, math.inf, -math.inf, 0.0, 1706745599.5, -1e300])
TIME = pl.Series("time", [1706745599, None, 0, -1, 2**53, -(2**62), 2**62, 7])
LIST = pl.Series(
    "list", [["7", "Oslo", None], [], None, [None], ["", "7", "7"], [LONG, "🦀"], ["0"], ["7"]]
)
TIMES = pl.Series("times", [[1, 2, None], [], None, [None], [2**62], [5, 5], [1706745599], [-1]])
MAP = pl.Series(
    "map",
    [{"Oslo": 1.5, "7": math.nan}, {}, None, {"7": math.inf}, {" ": 1.0}, {"é🦀 x": None},
     {"": 2.0}, {LONG: 3.0}],
    dtype=pl.Map(pl.String, pl.Float64),
)  # fmt: skip
FRAME = pl.DataFrame([TEXT, NUMBER, TIME, LIST, TIMES, MAP])

DECLARATIONS: list[dict[str, Any]] = [
    {"type": "expression", "expression": "if(number > 1, concat(text, number), upper(text))"},
    {"type": "expression", "expression": "log(number) / (number % 3) + length(strip(text))"},
    {"type": "expression", "expression": "number / 49 + time // 49 - time % 7 + time ** 3"},
    {"type": "expression", "expression": "fill(number, time)"},
    {"type": "expression", "expression": "is_missing(text) or text in ('Oslo', '7')"},
    {"type": "cross", "columns": ["text", "number", "time"]},
    {"type": "time", "column": "time", "part": "hour_of_week", "zone": "Asia/Kathmandu"},
    {"type": "time", "column": "text", "part": "date"},
    {"type": "time", "column": "number", "part": "month_cos"},
    {"type": "age", "column": "time", "since": "text", "unit": "hours"},
    {"type": "age", "column": "number", "reference": "2024-01-31T00:00:00+01:00"},
    {"type": "lookup", "column": "map", "key": "text"},
    {"type": "lookup", "column": "map", "key": "text", "value": "id"},
    {"type": "overlap", "columns": ["list", "times"]},
    {"type": "overlap", "columns": ["list", "times"], "measure": "jaccard"},
    {"type": "overlap", "columns": ["list", "times"], "measure": "share"},
    {"type": "overlap", "columns": ["list", "times"], "measure": "items"},
    {"type": "member", "column": "text", "of": "list"},
    {"type": "member", "column": "number", "of": "list", "position": True},
    {"type": "gaps", "column": "times", "now": "time"},
    {"type": "gaps", "column": "list", "now": "text", "edges": [-1, 0, 0.5]},
    {"type": "tokens", "column": "text", "ngrams": [1, 2]},
    {"type": "tokens", "column": "text", "characters": [1, 3], "lower": False, "max_tokens": 5},
]  # fmt: skip
if static_model.INSTALLED:
    DECLARATIONS.append(
        {"type": "embedding", "column": "text", "model": static_model.static_folder()}
    )
MADE = [ADAPTER.validate_python({"name": "x", **one}) for one in DECLARATIONS]
each = pytest.mark.parametrize(
    "made", MADE, ids=lambda one: json.dumps(one.model_dump(mode="json", exclude={"model"}))
)


def test_every_type_is_here() -> None:
    absent = set() if static_model.INSTALLED else {Embedding}
    assert {type(one) for one in MADE} == set(get_args(get_args(AnyDerived)[0])) - absent


def value(made: Derived, frame: pl.DataFrame) -> pl.DataFrame:
    expression = made.expression({name: frame.schema[name] for name in made.inputs})
    assert expression.meta.root_names()
    return frame.select(expression.alias("x"))


@each
def test_a_row_alone_is_the_row_among_others(made: Derived) -> None:
    whole = value(made, FRAME)
    assert whole.height == FRAME.height
    alone = pl.concat([value(made, FRAME[row]) for row in range(FRAME.height)])
    assert_frame_equal(alone, whole, check_exact=True)
    assert_frame_equal(value(made, FRAME.reverse()), whole.reverse(), check_exact=True)
    assert whole["x"].null_count() < FRAME.height


@each
def test_survives_json_and_is_a_value(made: Derived) -> None:
    again = ADAPTER.validate_json(json.dumps(made.model_dump(mode="json")))
    assert again == made
    assert hash(again) == hash(made)
    assert again.wants == made.wants
    assert_frame_equal(value(again, FRAME), value(made, FRAME), check_exact=True)


@each
def test_numbers_are_finite_and_texts_are_not_empty(made: Derived) -> None:
    found = value(made, FRAME)["x"]
    if found.dtype == pl.List:
        found = found.explode()
    if found.dtype.is_float():
        assert found.drop_nulls().is_finite().all()
    if found.dtype == pl.String:
        assert (found.drop_nulls() != "").all()


@each
def test_columns_without_values(made: Derived) -> None:
    """Missing where its inputs are, or what a missing input makes it (0 of `is_missing`)."""
    row = FRAME.clear(1)
    expected = value(made, row)["x"].item()
    for frame in (row, row.cast(dict.fromkeys(made.inputs, pl.Null)), pl.concat([row, row])):
        assert value(made, frame)["x"].to_list() == [expected] * frame.height
    for name in made.inputs:
        cut = row.cast({name: pl.Null})
        assert value(made, cut)["x"].to_list() == [expected]
        mixed = FRAME.with_columns(pl.lit(None, FRAME.schema[name]).alias(name))
        typeless = mixed.with_columns(pl.lit(None).alias(name))
        assert value(made, mixed)["x"].to_list() == value(made, typeless)["x"].to_list()


@each
def test_no_rows(made: Derived) -> None:
    none = value(made, FRAME.clear())
    assert none.schema == value(made, FRAME).schema
    assert none.is_empty()
    assert value(made, pl.DataFrame(schema=dict.fromkeys(made.inputs, pl.Null))).is_empty()


SCALARS = {
    "text": [["7", "1", "", None], [7, 1, None, None], [7.0, 1.0, math.nan, None]],
    "list": [[["7", None], ["1"]], [[7, None], [1]], [[7.0, math.nan], [1.0]]],
}


@pytest.mark.parametrize(
    "declared",
    [
        {"type": "cross", "columns": ["a", "b"]},
        {"type": "expression", "expression": "concat(a, '-', b)"},
        {"type": "tokens", "column": "a"},
        {"type": "time", "column": "a", "part": "minute", "unit": "ms"},
        {"type": "age", "column": "a", "reference": "1970-01-01T00:00:00Z"},
        {"type": "member", "column": "a", "of": "list"},
        {"type": "member", "column": "a", "of": "list", "position": True},
        {"type": "overlap", "columns": ["list", "other"], "measure": "items"},
        {"type": "gaps", "column": "list", "now": "a"},
    ],
    ids=lambda one: one["type"],
)
def test_a_value_is_the_same_whatever_type_holds_it(declared: dict[str, Any]) -> None:
    made = ADAPTER.validate_python({"name": "x", **declared})
    texts, whole, floats = SCALARS["text"]
    lists = [rows + rows for rows in SCALARS["list"]]
    found = [
        value(made, pl.DataFrame({"a": scalar, "b": other, "list": held, "other": theirs}))
        for scalar, other, held, theirs in [
            (texts, whole, lists[0], lists[0]),
            (whole, texts, lists[1], lists[0]),
            (floats, floats, lists[2], lists[1]),
            (pl.Series(texts, dtype=pl.Categorical), whole, lists[1], lists[2]),
        ]
    ]
    for other in found[1:]:
        assert_frame_equal(other, found[0], check_exact=True)
    assert found[0]["x"].null_count() < 4


ANY = st.one_of(st.none(), st.text(max_size=6), st.sampled_from(["7", "2024-01-31", "a b", "🦀"]))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": ANY,
            "number": st.none() | st.floats(),
            "time": st.none() | st.integers(-(2**63), 2**63 - 1),
            "list": st.none() | st.lists(ANY, max_size=4),
            "times": st.none() | st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=4),
            "map": st.none() | st.dictionaries(st.text(max_size=3), st.none() | st.floats()),
        }
    ),
    min_size=1,
    max_size=6,
)


@given(ROWS)
@settings(deadline=None, max_examples=40)
def test_whatever_comes_a_row_alone_is_the_row_among_others(rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, schema=FRAME.schema)
    all_of_them = [one.model_copy(update={"name": str(at)}) for at, one in enumerate(MADE)]
    whole = with_derived(frame, all_of_them)
    alone = pl.concat([with_derived(frame[row], all_of_them) for row in range(frame.height)])
    assert_frame_equal(alone, whole, check_exact=True)


@pytest.mark.parametrize("known", get_args(get_args(AnyDerived)[0]), ids=lambda one: one.__name__)
def test_its_docstring_shows_a_declaration(known: type[Derived]) -> None:
    text = inspect.getdoc(known) or ""
    (declared,) = tomllib.loads(text[text.index("    [[derived]]") :])["derived"]
    assert isinstance(ADAPTER.validate_python(declared), known)


PAGE = (Path(__file__).parents[3] / "docs" / "derived.md").read_text()


@pytest.mark.parametrize("known", get_args(get_args(AnyDerived)[0]), ids=lambda one: one.__name__)
def test_every_key_is_documented(known: type[Derived]) -> None:
    for key, declared in known.model_fields.items():
        assert f"`{declared.alias or key}`" in PAGE or f"{key} = " in PAGE, key


def test_every_function_is_documented() -> None:
    for name in FUNCTIONS:
        assert f"`{name}`" in PAGE or f"`{name}(" in PAGE, name
