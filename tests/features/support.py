"""Awkward raw columns, and the same logical values in other types, for tests of parity.

What is the same logical value is decided here on Python's values, not by the code under test:
null, NaN and "" are missing; true is 1; a whole float is its integer where no other integer has
the same float; a text is a number where it is written as that number alone would be.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

EXACT = 2**53  # from here on, a float may stand for several integers
TEXTS = (
    *("", " ", "\t", "a\nb", "\0", "'", '"', ",", "|", "\\", "%", "\ufeff", "\u202e", "\u00a0"),
    *("null", "None", "NaN", "nan", "inf", "-inf", "true", "False", "N/A"),
    *("7", "7.0", "07", "+7", "-7", "-0", "0.5", ".5", "1e3", "1_000", "0x10", "１２", "--5"),
    *("9007199254740993", "18446744073709551615", "1" * 40),
    *("é", "e\u0301", "ß", "İ", "🦀", "👩‍👩‍👧‍👦", "🇩🇪", "\U0010ffff"),
    *("x" * 10_000, "🦀" * 10_000, "7" * 10_000),
)
INTEGERS = (0, 1, -1, 7, 127, -128, 255, EXACT - 1, EXACT, EXACT + 1, -EXACT - 1)
EXTREMES = (2**63 - 1, -(2**63))
NUMBERS = (
    *(0.0, -0.0, 1.0, 7.0, -3.0, 0.5, 0.1, -2.25, 1e-4, 5e-324, 1e-310),
    *(float(EXACT - 1), float(EXACT), float(EXACT + 2), 1e17, 1e300, -1.7976931348623157e308),
    *(math.nan, math.inf, -math.inf),
)


def text_values() -> SearchStrategy[str | None]:
    """Text, long and odd ones among it; never a lone surrogate, which no UTF-8 holds."""
    return st.none() | st.sampled_from(TEXTS) | st.text(max_size=5)


def integer_values() -> SearchStrategy[int | None]:
    """Integers of 64 signed bits."""
    extreme = st.sampled_from(INTEGERS + EXTREMES)
    return st.none() | st.integers(-9, 9) | extreme | st.integers(-(2**63), 2**63 - 1)


def number_values() -> SearchStrategy[float | None]:
    """Float64, with NaN, infinities, both zeros and the ends of what is exact."""
    return st.none() | st.integers(-9, 9).map(float) | st.sampled_from(NUMBERS) | st.floats()


def list_values(elements: SearchStrategy[Any]) -> SearchStrategy[list[Any] | None]:
    """Missing, empty, short and longer lists, whose elements may be missing too."""
    return st.none() | st.just([]) | st.lists(elements, max_size=6)


_FAMILIES: tuple[tuple[Any, Callable[[], SearchStrategy[Any]]], ...] = (
    (pl.String, text_values),
    (pl.Categorical, text_values),
    (pl.Int64, integer_values),
    (pl.Int8, lambda: st.none() | st.integers(-128, 127)),
    (pl.UInt64, lambda: st.none() | st.integers(0, 9) | st.just(2**64 - 1)),
    (pl.Float64, number_values),
    (pl.Float32, lambda: st.none() | st.integers(-9, 9).map(float) | st.floats(width=32)),
    (pl.Boolean, lambda: st.none() | st.booleans()),
    (pl.Decimal(9, 2), lambda: st.none() | st.decimals(-9999, 9999, places=2)),
    (pl.Null, st.none),
    (pl.List(pl.String), lambda: list_values(text_values())),
    (pl.List(pl.Int64), lambda: list_values(integer_values())),
    (pl.List(pl.Float64), lambda: list_values(number_values())),
)


@st.composite
def raw_columns(draw: st.DrawFn, rows: int, *, lists: bool = True) -> pl.Series:
    """A column of `rows` values, of any type that a log may give it."""
    families = [one for one in _FAMILIES if lists or not isinstance(one[0], pl.List)]
    dtype, values = draw(st.sampled_from(families))
    some = draw(st.lists(values(), min_size=rows, max_size=rows))
    return pl.Series("column", some, dtype=dtype)


_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?")
Logical = int | float | str | None


def logical(value: Any) -> Logical:
    """What a raw value stands for: an integer, another number, a text, or None, missing."""
    if isinstance(value, bool | int):
        return int(value)
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, float):
        if math.isnan(value):
            return None
        whole = value.is_integer() and abs(value) < EXACT
        return int(value) if whole else value
    if isinstance(value, str) and len(value) < 30 and value != "-0" and _NUMBER.fullmatch(value):
        if "." not in value:
            return int(value)
        return float(value) if repr(float(value)) == value else value
    assert value is None or isinstance(value, str), value
    return value or None


def _integer(low: int, high: int) -> Callable[[Logical], Any]:
    return lambda value: value if isinstance(value, int) and low <= value <= high else ...


def _float(exact: int) -> Callable[[Logical], Any]:
    return lambda value: float(value) if isinstance(value, int) and abs(value) < exact else ...


def _float64(value: Logical) -> Any:
    return value if isinstance(value, float) else _float(EXACT)(value)


def _boolean(value: Logical) -> Any:
    return bool(value) if value in (0, 1) else ...


def _decimal(value: Logical) -> Any:
    if isinstance(value, str) or abs(value or 0) >= 10**10:
        return ...
    decimal = Decimal(repr(value))
    return decimal if decimal == round(decimal, 4) else ...


def _text(value: Logical) -> Any:
    text = value if isinstance(value, str) else repr(value)
    return text if isinstance(value, str) or _NUMBER.fullmatch(text) else ...


# Each gives the value as that type holds it, or ... where it cannot.
_TYPES: tuple[tuple[Any, Callable[[Logical], Any]], ...] = (
    (pl.Int8, _integer(-128, 127)),
    (pl.Int64, _integer(-(2**63), 2**63 - 1)),
    (pl.UInt64, _integer(0, 2**64 - 1)),
    (pl.Float32, _float(2**24)),
    (pl.Float64, _float64),
    (pl.Boolean, _boolean),
    (pl.Decimal(18, 4), _decimal),
    (pl.String, _text),
    (pl.Categorical, _text),
)


def _short(value: float) -> bool:
    """Whether a Float32 is the number that its text says."""
    return float(str(np.float32(value))) == value


def drifted(series: pl.Series) -> Iterator[pl.Series]:
    """The same logical values in every other type that holds all of them.

    Missing values are written as null, in floats as NaN too, and in text as "" too. A Float32
    that is another number than its text says has no other type.
    """
    if isinstance(series.dtype, pl.List):
        yield from _drifted_lists(series)
        return
    if series.dtype == pl.Float32 and not all(map(_short, series.drop_nulls().drop_nans())):
        return  # 0.1 there is written as 0.1, but is the Float64 0.10000000149011612
    values = [logical(value) for value in series.to_list()]
    for dtype, hold in _TYPES:
        held = [None if value is None else hold(value) for value in values]
        if any(value is ... for value in held):
            continue
        blank: Any = {pl.Float64: math.nan, pl.String: ""}.get(dtype)
        yield pl.Series(series.name, held, dtype=dtype)
        if blank is not None and None in held:
            filled = [blank if value is None else value for value in held]
            yield pl.Series(series.name, filled, dtype=dtype)
    if series.null_count() == len(series):
        yield pl.Series(series.name, [None] * len(series), dtype=pl.Null)


def _drifted_lists(series: pl.Series) -> Iterator[pl.Series]:
    lists = series.to_list()
    flat = pl.Series([value for one in lists if one is not None for value in one])
    if flat.dtype == pl.Null:  # no list holds a value
        flat = flat.cast(pl.String)
    for inner in drifted(flat):
        rest = iter(inner.to_list())
        held = [None if one is None else [next(rest) for _ in one] for one in lists]
        # Polars takes no Categorical from lists of text, but casts to it.
        plain = pl.String if inner.dtype == pl.Categorical else inner.dtype
        yield pl.Series(series.name, held, dtype=pl.List(plain)).cast(pl.List(inner.dtype))
