"""What an expression may call: what each function and operator takes, and how it is computed."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from features.derived.bound import bound, quotient

# Kinds of value: a Float64, a Boolean (a number too), a String.
Kind = Literal["number", "truth", "text"]
# What a parameter takes: a kind; the `same` kind as the others that say so; `any`; or any in its
# `written` form. The rest are constants, as `CONSTANTS` says; a `choice` is of the `same` kind.
Takes = Literal[
    "number", "truth", "text", "same", "any", "written",
    "choice", "digits", "exponent", "index", "word", "new",
]  # fmt: skip

CONSTANTS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "digits": ("a whole number from 0 to 15", lambda value: value in range(16)),
    "exponent": (
        "a number from -64 to 64",
        lambda value: isinstance(value, float) and abs(value) <= 64,
    ),
    "index": ("a whole number from -1000 to 1000", lambda value: value in range(-1000, 1001)),
    "word": ("a text", lambda value: isinstance(value, str) and value != ""),
    "new": ("a text", lambda value: isinstance(value, str)),
    "choice": ("a number or a text", lambda value: value is not None),
}


@dataclass(frozen=True)
class Function:
    """A function or operator.

    takes: of each argument, the last one for all that follow where it `repeats`. optional: how
    many of the last may be left out. passes: how many of the first arguments may be numbers that
    are not finite (or empty texts), since the result is not either. clean: whether the result is
    finite (or not empty) where the arguments are.
    """

    takes: tuple[Takes, ...]
    gives: Literal["number", "truth", "text", "same"]
    build: Callable[..., pl.Expr]
    optional: int = 0
    repeats: bool = False
    passes: int = 0
    clean: bool = True

    def parameter(self, index: int) -> Takes:
        return self.takes[min(index, len(self.takes) - 1)]

    def allows(self, count: int) -> bool:
        most = count if self.repeats else len(self.takes)
        return len(self.takes) - self.optional <= count <= most

    @property
    def arity(self) -> str:
        least, most = len(self.takes) - self.optional, len(self.takes)
        if self.repeats:
            return f"{least} arguments or more"
        wanted = str(most) if least == most else f"{least} or {most}"
        return f"{wanted} argument{'' if wanted == '1' else 's'}"


def _named(values: tuple[pl.Expr, ...]) -> dict[str, pl.Expr]:
    return {f"v{index}": value for index, value in enumerate(values)}


def _if_all(result: Callable[..., pl.Expr]) -> Callable[..., pl.Expr]:
    """`result` of values, null where any is: Polars' own minimum skips what is missing."""

    def build(*values: pl.Expr) -> pl.Expr:
        def body(**fields: pl.Expr) -> pl.Expr:
            parts = list(fields.values())
            return pl.when(pl.all_horizontal([one.is_not_null() for one in parts])).then(
                result(*parts)
            )

        return bound(_named(values), body)

    return build


def _clip(value: pl.Expr, low: pl.Expr, high: pl.Expr) -> pl.Expr:
    return pl.min_horizontal(pl.max_horizontal(value, low), high)


def _if(condition: pl.Expr, one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """A missing condition gives a missing value: neither branch may claim the row."""

    def body(v0: pl.Expr, v1: pl.Expr, v2: pl.Expr) -> pl.Expr:
        return pl.when(v0).then(v1).when(v0.not_()).then(v2)

    return bound(_named((condition, one, other)), body)


def _round(value: pl.Expr, digits: float = 0.0) -> pl.Expr:
    return value.round(int(digits), mode="half_to_even")


def _modulo(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    def body(v0: pl.Expr, v1: pl.Expr) -> pl.Expr:
        return v0 - v1 * (v0 / v1).floor()

    return bound(_named((one, other)), body)


def _replace(text: pl.Expr, old: str, new: str) -> pl.Expr:
    return text.str.replace_all(old, new, literal=True)


def _split(text: pl.Expr, separator: str, index: float) -> pl.Expr:
    return text.str.split(separator).list.get(int(index), null_on_oob=True)


_ONE: tuple[Takes, ...] = ("number",)
_TWO: tuple[Takes, ...] = ("number", "number")
_WORDS: tuple[Takes, ...] = ("text", "text")

FUNCTIONS: dict[str, Function] = {
    "abs": Function(_ONE, "number", pl.Expr.abs, passes=1),
    "ceil": Function(_ONE, "number", pl.Expr.ceil, passes=1),
    "clip": Function(("number",) * 3, "number", _if_all(_clip)),
    "concat": Function(
        ("written", "written"), "text", lambda *texts: pl.concat_str(texts), repeats=True
    ),
    "contains": Function(_WORDS, "truth", lambda one, other: one.str.contains(other, literal=True)),
    "ends_with": Function(_WORDS, "truth", lambda one, other: one.str.ends_with(other)),
    "exp": Function(_ONE, "number", pl.Expr.exp, clean=False),
    "fill": Function(("same", "same"), "same", lambda one, other: one.fill_null(other)),
    "floor": Function(_ONE, "number", pl.Expr.floor, passes=1),
    "if": Function(("truth", "same", "same"), "same", _if, passes=3),
    "is_missing": Function(("any",), "truth", pl.Expr.is_null),
    "length": Function(("text",), "number", lambda text: text.str.len_chars().cast(pl.Float64)),
    "log": Function(_ONE, "number", pl.Expr.log, passes=1, clean=False),
    "log1p": Function(_ONE, "number", pl.Expr.log1p, passes=1, clean=False),
    "lower": Function(("text",), "text", lambda text: text.str.to_lowercase(), passes=1),
    "max": Function(_TWO, "number", _if_all(pl.max_horizontal), repeats=True),
    "min": Function(_TWO, "number", _if_all(pl.min_horizontal), repeats=True),
    "replace": Function(("text", "word", "new"), "text", _replace, passes=1, clean=False),
    "round": Function(("number", "digits"), "number", _round, optional=1, passes=1),
    "sign": Function(_ONE, "number", pl.Expr.sign),
    "split": Function(("text", "word", "index"), "text", _split, clean=False),
    "sqrt": Function(_ONE, "number", pl.Expr.sqrt, passes=1, clean=False),
    "starts_with": Function(_WORDS, "truth", lambda one, other: one.str.starts_with(other)),
    "strip": Function(
        ("text",), "text", lambda text: text.str.strip_chars(), passes=1, clean=False
    ),
    "upper": Function(("text",), "text", lambda text: text.str.to_uppercase(), passes=1),
}  # fmt: skip

OPERATORS: dict[str, Function] = {
    "+": Function(_TWO, "number", operator.add, passes=2, clean=False),
    "-": Function(_TWO, "number", operator.sub, passes=2, clean=False),
    "*": Function(_TWO, "number", operator.mul, passes=2, clean=False),
    "/": Function(_TWO, "number", quotient, passes=1, clean=False),
    "//": Function(
        _TWO, "number", lambda one, other: quotient(one, other).floor(), passes=1, clean=False
    ),
    "%": Function(_TWO, "number", _modulo, passes=1, clean=False),
    # By a column Polars takes other powers in a row alone than in a batch.
    "**": Function(("number", "exponent"), "number", lambda one, power: one**power, clean=False),
    "unary -": Function(_ONE, "number", operator.neg, passes=1),
    "unary +": Function(_ONE, "number", operator.pos, passes=1),
    "not": Function(("truth",), "truth", pl.Expr.not_),
    "and": Function(("truth", "truth"), "truth", operator.and_),
    "or": Function(("truth", "truth"), "truth", operator.or_),
    "in": Function(
        ("same", "choice"), "truth", lambda value, *known: value.is_in(known), repeats=True
    ),
}  # fmt: skip

COMPARE: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "==": operator.eq, "!=": operator.ne,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def compared(operators: tuple[str, ...], values: tuple[pl.Expr, ...]) -> pl.Expr:
    """Whether each operator holds between its neighbours."""

    def body(**fields: pl.Expr) -> pl.Expr:
        parts = list(fields.values())
        pairs = zip(operators, parts, parts[1:], strict=False)
        return pl.all_horizontal([COMPARE[one](left, right) for one, left, right in pairs])

    return bound(_named(values), body) if len(values) > 2 else COMPARE[operators[0]](*values)
