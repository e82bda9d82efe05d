"""Expressions against an evaluator of their own, written with Python's arithmetic on scalars."""

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.derived.expression import Expression
from features.errors import SchemaError
from features.validation import explain

NAN, INF = math.nan, math.inf
Row = dict[str, Any]
Term = tuple[str, Callable[[Row], Any]]  # the text, and its value in a row; None is missing


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


# ----------------------------------------------------------------------------- the evaluator


def finite(value: Any) -> float | None:
    if value is None or isinstance(value, complex) or not math.isfinite(value):
        return None
    return float(value)


def attempt(function: Callable[..., Any], *terms: Term) -> Callable[[Row], float | None]:
    """A number, missing where an operand is, or where Python refuses."""

    def call(row: Row) -> float | None:
        values = [value(row) for _, value in terms]
        if None in values:
            return None
        try:
            return finite(function(*values))
        except (ArithmeticError, ValueError):
            return None

    return call


def whole(left: float, right: float) -> float:
    return float(math.floor(left / right))


INFIX: dict[str, Callable[[float, float], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "//": whole,
    "%": lambda left, right: left - right * whole(left, right),
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}
COMPARE = [name for name in INFIX if name[0] in "=!<>"]
SINGLE: dict[str, Callable[[float], Any]] = {
    "abs": abs, "log": math.log, "log1p": math.log1p, "exp": math.exp, "sqrt": math.sqrt,
    "floor": math.floor, "ceil": math.ceil, "round": round,
    "sign": lambda value: (value > 0) - (value < 0), "-": lambda value: -value,
    "not ": lambda value: not value,
}  # fmt: skip
SEVERAL: dict[str, Callable[[float, float, float], Any]] = {
    "min": min, "max": max, "clip": lambda value, low, high: min(max(value, low), high),
}  # fmt: skip
TRIMMED: dict[str, Callable[[str], str]] = {
    "lower": str.lower, "upper": str.upper, "strip": str.strip,
}  # fmt: skip
WITHIN: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text, "starts_with": str.startswith,
    "ends_with": str.endswith,
}  # fmt: skip


def conjunction(left: Term, right: Term) -> Callable[[Row], float | None]:
    """One that is false decides; else one that is missing does."""

    def call(row: Row) -> float | None:
        values = left[1](row), right[1](row)
        if 0 in values:
            return 0.0
        return None if None in values else 1.0

    return call


def chosen(condition: Term, left: Term, right: Term) -> Callable[[Row], Any]:
    def call(row: Row) -> Any:
        truth = condition[1](row)
        return None if truth is None else left[1](row) if truth else right[1](row)

    return call


def filled(left: Term, right: Term) -> Callable[[Row], Any]:
    return lambda row: right[1](row) if left[1](row) is None else left[1](row)


def worded(function: Callable[..., str], *terms: Term) -> Callable[[Row], str | None]:
    def call(row: Row) -> str | None:
        values = [value(row) for _, value in terms]
        return None if None in values else function(*values) or None

    return call


# --------------------------------------------------------------------------- random expressions


@st.composite
def numbers(draw: st.DrawFn, depth: int) -> Term:
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        if draw(st.booleans()):
            value = draw(st.sampled_from([0.0, 1.0, 2.0, 0.5, 3.25, 7.0, 1e200]))
            return repr(value), lambda _: value
        name = draw(st.sampled_from(["a", "b"]))
        return name, lambda row: finite(row[name])
    left, right, third = (draw(numbers(depth - 1)) for _ in range(3))
    match draw(st.integers(0, 9)):
        case 0 | 1 | 2:
            name = draw(st.sampled_from(list(INFIX)))
            sure = "0 + " if name in COMPARE else ""  # `a == b` alone takes both for texts
            return f"{sure}({left[0]}) {name} ({right[0]})", attempt(INFIX[name], left, right)
        case 3:
            name = draw(st.sampled_from(list(SINGLE)))
            return f"{name}({left[0]})", attempt(SINGLE[name], left)
        case 4:
            name = draw(st.sampled_from(list(SEVERAL)))
            text = f"{name}({left[0]}, {right[0]}, {third[0]})"
            return text, attempt(SEVERAL[name], left, right, third)
        case 5:
            return f"fill({left[0]}, {right[0]})", filled(left, right)
        case 6:
            return f"({left[0]}) and ({right[0]})", conjunction(left, right)
        case 7:
            text = f"if({left[0]}, {right[0]}, {third[0]})"
            return text, chosen(left, right, third)
        case 8:
            power = draw(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 1.75, 64.0]))
            return f"({left[0]}) ** {power}", attempt(lambda value: value**power, left)
        case _:
            return draw(truths(depth - 1))


@st.composite
def truths(draw: st.DrawFn, depth: int) -> Term:
    """A number that texts decide."""
    left, right = draw(texts(depth)), draw(texts(depth))
    match draw(st.integers(0, 3)):
        case 0:
            name = draw(st.sampled_from(list(WITHIN)))
            return f"{name}({left[0]}, {right[0]})", attempt(WITHIN[name], left, right)
        case 1:
            name = draw(st.sampled_from(COMPARE))
            # Beside the result of concat a column is a text; alone, `s < t` takes it for a number.
            known: Term = f'concat(".", {left[0]})', worded(".".__add__, left)
            return f"({known[0]} {name} {right[0]})", attempt(INFIX[name], known, right)
        case 2:
            return f"is_missing({left[0]})", lambda row: float(left[1](row) is None)
        case _:
            return f"length({left[0]})", attempt(len, left)


@st.composite
def texts(draw: st.DrawFn, depth: int) -> Term:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        if draw(st.booleans()):
            value = draw(st.sampled_from(["a", "B", " x ", "é🦀", "it's"]))
            return '"' + value + '"', lambda _: value
        name = draw(st.sampled_from(["s", "t"]))
        return name, lambda row: row[name] or None
    left, right = draw(texts(depth - 1)), draw(texts(depth - 1))
    match draw(st.integers(0, 4)):
        case 0:
            name = draw(st.sampled_from(list(TRIMMED)))
            return f"{name}({left[0]})", worded(TRIMMED[name], left)
        case 1:
            return f"concat({left[0]}, {right[0]})", worded(str.__add__, left, right)
        case 2:
            cut: Callable[[str], str] = lambda text: text.replace("a", "")  # noqa: E731
            return f'replace({left[0]}, "a", "")', worded(cut, left)
        case 3:
            return f"fill({left[0]}, {right[0]})", filled(left, right)
        case _:
            truth = draw(truths(depth - 1))
            return f"if({truth[0]}, {left[0]}, {right[0]})", chosen(truth, left, right)


NUMBERS = [None, NAN, INF, -INF, 0.0, -0.0, 1.0, -1.0, 7.0, 2.5, -3.75, 1e-300, 1e300, -1e308]
TEXTS = [None, "", "a", " ", "abc", "A b ", "é🦀", "ß", "7", "x" * 1000, "it's", "B", "🦀", "a"]
FRAME = pl.DataFrame({"a": NUMBERS, "b": NUMBERS[3:] + NUMBERS[:3], "s": TEXTS, "t": TEXTS[::-1]})


def agrees(term: Term, frame: pl.DataFrame) -> None:
    text, value = term
    try:
        found = evaluated(text, frame)
    except ValidationError as error:
        assume("no number" not in str(error) and "must name a column" not in str(error))
        raise
    expected = [value(row) for row in frame.iter_rows(named=True)]
    for row, mine, theirs in zip(frame.iter_rows(), found, expected, strict=True):
        same = mine == theirs or (None not in (mine, theirs) and math.isclose(mine, theirs))
        assert same, (text, row, mine, theirs)


@given(numbers(3))
@settings(deadline=None, max_examples=120)
def test_numbers_agree_with_pythons(term: Term) -> None:
    agrees(term, FRAME)


@given(texts(3))
@settings(deadline=None, max_examples=60)
def test_texts_agree_with_pythons(term: Term) -> None:
    text, value = term
    assume("s" in text or "t" in text)
    try:
        found = evaluated(text, FRAME)
    except ValidationError as error:
        assume("must name a column" not in str(error))
        raise
    assert found == [value(row) for row in FRAME.iter_rows(named=True)], text


# ------------------------------------------------------------------------------------- by hand


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
        assert evaluated(f"a // {divisor}", frame) == [whole(value, divisor) for value in values]
        remainders = [value - divisor * whole(value, divisor) for value in values]
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
