import math
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from features.derived.expression import Expression
from features.errors import SchemaError
from features.validation import explain

NAN = math.nan


def evaluated(text: str, frame: pl.DataFrame) -> list[Any]:
    made = Expression(name="x", expression=text)
    return frame.select(made.expression(frame.schema).alias("x"))["x"].to_list()


def one(text: str, **row: Any) -> Any:
    (value,) = evaluated(text, pl.DataFrame({name: [value] for name, value in row.items()}))
    return value


def refused(text: str) -> str:
    with pytest.raises(ValidationError) as caught:
        Expression(name="x", expression=text)
    return str(caught.value.errors()[0]["msg"]).removeprefix("Value error, ")


def test_by_hand() -> None:
    frame = pl.DataFrame({"price": [math.e - 1, None, -2.0, 0.0], "area": [0, 2, 5, 4]})
    assert evaluated("log1p(price) / max(area, 1)", frame) == [1.0, None, None, 0.0]
    assert one("-a ** 2", a=3) == -9
    assert one("a ** 3 ** 2", a=2) == 512
    assert one("a ** -1 * 4", a=2) == 2
    assert one("7 // a", a=-2) == -4
    assert one("7 % a", a=-2) == -1
    assert one("a - 2 - 3", a=1) == -4
    assert one("not a == 1 or a > 0", a=1) == 1
    assert one("1 < a <= 3", a=3) == 1
    assert one("round(a, 1)", a=2.25) == pytest.approx(2.2)
    assert one("round(a)", a=2.5) == 2
    assert one("`a b` + `c``d`", **{"a b": 1, "c`d": 2}) == 3
    assert one("true + a", a=False) == 1
    assert one("a in (1, -2.5,)", a=-2.5) == 1
    assert one("a not in (1, 2)", a=2) == 0
    assert one("length + 1", length=1) == 2  # a function's name is a column's where none calls it


def test_a_division_is_exact_whatever_else_is_in_the_batch() -> None:
    values = [49.0 * at for at in range(100)] + [0.1 * at for at in range(100)]
    frame = pl.DataFrame({"a": values})
    for divisor in (49, 3, 0.1, 1.7):
        assert evaluated(f"a / {divisor}", frame) == [value / divisor for value in values]
        floors = [float(math.floor(value / divisor)) for value in values]
        assert evaluated(f"a // {divisor}", frame) == floors
        remainders = [value - divisor * floor for value, floor in zip(values, floors, strict=True)]
        assert evaluated(f"a % {divisor}", frame) == remainders
        assert [one(f"a % {divisor}", a=value) for value in values] == remainders


def test_texts_by_hand() -> None:
    assert one("city in (\"Oslo\", 'Bergen')", city="Oslo") == 1
    assert one(r"concat('\"', s, '\\', '\'', '\n\t')", s="x") == "\"x\\'\n\t"
    assert [one(f"split(s, '/', {at})", s="a//c") for at in (0, 1, 2, 3, -1, -4)] == [
        "a", None, "c", None, "c", None,
    ]  # fmt: skip
    assert one("replace(s, '.', '$1')", s="a.b") == "a$1b"
    assert one("concat(s, '_', n)", s="x", n=7.0) == "x_7"
    assert one("concat(n + 0.5, a > 1)", n=7, a=2) == "7.51"
    assert one("if(length(s) > 2, upper(s), missing)", s="é🦀") is None
    assert one("fill(strip(s), 'none')", s="  ") == "none"


def test_what_is_missing() -> None:
    assert one("if(a > 1, 1, 2)", a=None) is None
    assert one("min(a, 1)", a=None) is None
    assert one("a > 1 or b > 1", a=None, b=2) == 1
    assert one("a > 1 and b > 1", a=None, b=2) is None
    assert [one("is_missing(a)", a=value) for value in (None, NAN, "", 0, "x")] == [1, 1, 1, 0, 0]
    assert one("fill(a / b, -1)", a=1, b=0) == -1
    assert one("1 / (1 / a)", a=1e-320) is None  # 1 / inf would be 0
    assert one("exp(a) > 1", a=1000) is None
    assert one("fill(a, missing) * 1", a=None) is None


@pytest.mark.parametrize("text", ["a / 2", "a == 7", "a in (7, 8)", "concat(a, '!')", "fill(a, b)"])
def test_types_may_drift(text: str) -> None:
    frame = pl.DataFrame({"a": [7, None, 0], "b": [1, 1, 1]})
    expected = evaluated(text, frame)
    for dtype in (pl.Int8, pl.UInt64, pl.Int128, pl.Float32, pl.Float64, pl.Decimal(9, 2)):
        assert evaluated(text, frame.with_columns(pl.col("a").cast(dtype))) == expected


def test_booleans_are_numbers() -> None:
    frame = pl.DataFrame({"a": [True, False, None]})
    assert evaluated("a + 1", frame) == [2, 1, None]
    assert evaluated("a == true", frame) == [1, 0, None]
    assert evaluated("not a", frame) == [0, 1, None]


def test_texts_may_come_as_numbers() -> None:
    for value in ("7", 7, 7.0, Decimal("7.00")):
        assert one("a == '7'", a=value) == 1
        assert one("concat('x', a)", a=value) == "x7"
        assert one("a == b", a=value, b="7") == 1


def test_ids_that_are_only_chosen_from_stay_exact() -> None:
    big = 2**53 + 1
    assert one("fill(a, b)", a=None, b=big) == big
    assert one("if(is_missing(a), b, b)", a=None, b=big) == big
    assert one("concat(a, b)", a=big, b="") is None
    assert one("concat(a, '')".replace("''", "'!'"), a=big) == f"{big}!"
    largest = pl.DataFrame({"a": [2**64 - 1]}, schema={"a": pl.UInt64})
    assert evaluated("fill(a, a)", largest) == [2**64 - 1]


@pytest.mark.parametrize(
    "text", ["fill(1, a)", "0 == contains(fill('a', s), 'a') + 0 * fill(1, a)", "fill('x', s)",
             "a and false", "a or true", "if(true, 1, a)", "min(1, fill(2, a))", "not fill(1, a)"]
)  # fmt: skip
def test_a_value_that_no_row_decides_is_in_every_row(text: str) -> None:
    frame = pl.DataFrame({"a": [1.0, None, 2.0], "s": ["x", None, "y"]})
    for rows in (0, 1, 3):
        found = evaluated(text, frame.head(rows))
        assert len(found) == rows
        assert None not in found


def test_what_it_wants() -> None:
    def wants(text: str) -> dict[str, str]:
        return dict(Expression(name="x", expression=text).wants)

    assert wants("log1p(price) / max(area, 1)") == {"price": "number", "area": "number"}
    assert wants("if(city == 'Oslo', a, b + 1)") == {"city": "id", "a": "number", "b": "number"}
    assert wants("a == b") == {"a": "id", "b": "id"}
    assert wants("a < b") == {"a": "number", "b": "number"}
    assert wants("lower(a) < b") == {"a": "id", "b": "id"}
    assert wants("fill(a, b)") == {"a": "value", "b": "value"}
    assert wants("fill(a, b) == c and c > 1") == dict.fromkeys("abc", "number")
    assert wants("concat(a, b + 1)") == {"a": "id", "b": "number"}
    assert wants("is_missing(a)") == {"a": "value"}


def test_no_values_and_no_rows() -> None:
    nothing = pl.DataFrame({"a": [None, None], "b": [None, None]})
    assert evaluated("a / b + 1", nothing) == [None, None]
    assert evaluated("upper(a)", nothing) == [None, None]
    assert evaluated("fill(a, b)", nothing) == [None, None]
    assert evaluated("fill(a, 3)", nothing) == [3, 3]
    assert evaluated("if(is_missing(a), 1, 2)", nothing) == [1, 1]
    for dtype in (pl.Int64, pl.Null, pl.Float64):
        assert evaluated("a + 1", pl.DataFrame({"a": pl.Series([], dtype=dtype)})) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lgo(a)", "at character 1 ('lgo(a)'): 'lgo' is not a function. Did you mean 'log'?"),
        ("zzz(a)", "Known: abs, ceil,"),
        ("log(a, 2)", "'log' takes 1 argument; it has 2"),
        ("min(a)", "'min' takes 2 arguments or more; it has 1"),
        ("round(a, 1, 2)", "'round' takes 1 or 2 arguments; it has 3"),
        ("2 ** a", "argument 2 of '**' must be a number from -64 to 64, written out"),
        ("a ** 65", "argument 2 of '**' must be a number from -64 to 64, written out"),
        ("round(a, 0.5)", "argument 2 of 'round' must be a whole number from 0 to 15"),
        ("split(a, b, 0)", "argument 2 of 'split' must be a text, written out"),
        ("a + 'x'", "at character 5 (\"'x'\"): '+' must have a number here; this is a text"),
        ("lower(a) + a", "'+' must have a number here; this is a text"),
        ("lower(a) == b + 1", "'==' must have a text here; this is a number"),
        ("upper(a) == 'X' and a > 1", "'>' must have a text here; this is a number"),
        ("if(a, 'x', 1)", "'if' must have a text here; this is a number"),
        ("a in (1, 'x')", "'in' must have a number here; this is a text"),
        ("a in (b)", "the values after `in` must be numbers or texts"),
        ("a == ''", "the empty text is missing, as in all columns; ask is_missing(...)"),
        ("if(a, missing, missing)", "nothing says what kind of value is missing here"),
        ("1 + 1", "an expression must name a column"),
        ("", "at the end: a value must stand here"),
    ],
)  # fmt: skip
def test_what_is_refused_says_where_and_why(text: str, message: str) -> None:
    found = refused(text)
    assert message in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("dtype", "text"),
    [(pl.String, "a + 1"), (pl.List(pl.Int64), "a + 1"), (pl.List(pl.Int64), "lower(a)"),
     (pl.Struct({"x": pl.Int64}), "is_missing(a)"), (pl.Date, "a < b")],
)  # fmt: skip
def test_columns_of_another_kind_are_refused(dtype: Any, text: str) -> None:
    made = Expression(name="x", expression=text)
    with pytest.raises(SchemaError, match=r"Column 'a' must hold .*; it holds .*\. "):
        made.expression({"a": dtype, "b": dtype})


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(SchemaError, match="Column 'pric', which 'x' .* Did you mean 'price'"):
        Expression(name="x", expression="pric * 2").expression({"price": pl.Float64()})


def test_operands_are_not_copied_as_they_nest() -> None:
    text = "a"
    for _ in range(18):  # each level names its operand twice or more when compiled
        text = f"min(1 / ({text}), 2)"
    assert one(text, a=1) == 1


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"expression": "lgo(a)"}, "x.expression: at character 1 ('lgo(a)'): 'lgo' is not"),
        ({"expresion": "a"}, "x.expresion is not a known key. Did you mean 'expression'?"),
        ({}, "x.expression must be given; it is missing."),
    ],
)
def test_errors_name_the_key_that_a_user_writes(declared: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Expression.model_validate({"name": "x", **declared})
    assert explain(caught.value, Expression, prefix="x").startswith(sentence)
