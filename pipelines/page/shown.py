"""Figures as people read them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

import polars as pl

_CUT = 60  # characters of a value in a table
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def count(number: float) -> str:
    return f"{number:,.0f}"


def share(part: float) -> str:
    """A percentage; what is not 0 or 1 never looks so."""
    if 0 < part < 0.0001:
        return "<0.01%"
    if 0.9999 < part < 1:
        return ">99.99%"
    return f"{part:.2%}"


def figure(number: float | None) -> str:
    """Five digits, whole numbers in full."""
    if number is None:
        return "-"
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    if number == round(number) and abs(number) < 1e15:
        return f"{number:,.0f}"
    return f"{number:,.5g}" if 1e-4 <= abs(number) < 1e6 else f"{number:.4e}"


def moment(number: float | None) -> str:
    """Seconds since 1970 as a date; midnight is left out."""
    if number is None:
        return "-"
    try:
        found = _EPOCH + timedelta(seconds=round(number))
    except OverflowError:
        return figure(number)
    return found.strftime("%Y-%m-%d" if found.time() == _EPOCH.time() else "%Y-%m-%d %H:%M")


def clock(number: float | None) -> str:
    """Seconds since midnight as a time of day."""
    return "-" if number is None else str(timedelta(seconds=round(number)))


def value(text: str, length: int | None = None, most: int = _CUT) -> str:
    """A value, cut where it is long, with the number of its characters."""
    length = len(text) if length is None else length
    if length <= most:
        return visible(text)
    return f"{visible(text[:most])}… ({length:,} characters)"


def visible(text: str) -> str:
    """Text whose control characters, which could rule a terminal or a page, are written out."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def dtype(found: pl.DataType) -> str:
    """A type, without what most readers need not know."""
    if isinstance(found, pl.Datetime):
        return "Datetime" if found.time_zone is None else f"Datetime {found.time_zone}"
    if isinstance(found, pl.Struct):
        return "Struct"
    if isinstance(found, pl.List | pl.Array):
        inner = found.inner if isinstance(found.inner, pl.DataType) else found.inner()
        return f"{type(found).__name__}({dtype(inner)})"
    return type(found).__name__


def name_of(column: str) -> str:
    """A name that can be seen."""
    return visible(column) if column.strip() else repr(column)
