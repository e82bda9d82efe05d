"""Expressions against an evaluator of their own, written with Python's arithmetic on scalars."""

import math
from collections.abc import Callable
from typing import Any

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.derived.expression import Expression

NAN, INF = math.nan, math.inf
Row = dict[str, Any]
Term = tuple[str, Callable[[Row], Any]]  # the text, and its value in a row; None is missing


def evaluated(text: str, frame: pl.DataFrame) -> list[Any]:
    made = Expression(name="x", expression=text)
    return frame.select(made.expression(frame.schema).alias("x"))["x"].to_list()


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
