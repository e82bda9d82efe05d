"""Rows for the schema of `everything`, in any type a log gives them, and as a request says them."""

from __future__ import annotations

import math
from itertools import chain
from typing import Any

import polars as pl
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from features.transforms.text import canonical
from tests.features.everything import SCHEMA
from tests.features.support import (
    EXACT,
    integer_values,
    list_values,
    number_values,
    raw_columns,
    text_values,
)

Kinds = list[tuple[Any, SearchStrategy[Any]]]

_EPOCH = st.integers(0, 2_000_000_000) | st.sampled_from([-1, EXACT, 1706745599])
_ISO = st.sampled_from(
    ["2024-01-31T23:59:59Z", "2024-01-31 01:02:03.5+05:45", "2024-01-31", "soon", "", "1e3"]
)
_KEYS = st.sampled_from(["a", "7", "🦀", "b c", "Oslo"])
_NUMBERS: Kinds = [
    (pl.Float64, number_values()),
    (pl.Float32, st.none() | st.floats(width=32)),
    (pl.Int64, integer_values()),
    (pl.UInt64, st.none() | st.integers(0, 9) | st.just(2**64 - 1)),
    (pl.Boolean, st.none() | st.booleans()),
    (pl.Decimal(9, 2), st.none() | st.decimals(-9999, 9999, places=2)),
    (pl.Null, st.none()),
]
_MOMENTS: Kinds = [
    (pl.Int64, st.none() | _EPOCH),
    (pl.Float64, st.none() | _EPOCH.map(float) | st.sampled_from([0.5, math.nan, 1e300])),
    (pl.String, st.none() | _ISO | _EPOCH.map(str)),
    (pl.Null, st.none()),
]
_SPLIT: Kinds = [
    (pl.String, st.none() | st.lists(text_values(), max_size=6).map(
        lambda some: "|".join(one or "" for one in some)
    )),
    (pl.List(pl.String), list_values(text_values())),
]  # fmt: skip
_VECTORS = st.lists(number_values() | st.floats(-9, 9), min_size=3, max_size=3)


def _infinite(value: Any) -> bool:
    return isinstance(value, float) and math.isinf(value)


def _entries(dtype: Any, values: SearchStrategy[Any]) -> Kinds:
    maps = st.dictionaries(_KEYS, st.none() | values, max_size=4)
    listed = maps.map(lambda held: [{"key": key, "value": one} for key, one in held.items()])
    return [(pl.List(pl.Struct({"key": pl.String, "value": dtype})), st.none() | listed)]


_KINDS: dict[str, Kinds] = {
    "price": _NUMBERS,
    # JSON has no infinity, which a check clips where null stays missing.
    "age": [(dtype, values.filter(lambda one: not _infinite(one))) for dtype, values in _NUMBERS],
    "shown": _MOMENTS,
    "published": _MOMENTS,
    "seen": [
        (pl.List(pl.String), list_values(text_values())),
        (pl.List(pl.Int64), list_values(integer_values())),
        (pl.List(pl.Float64), list_values(number_values())),
    ],
    "times": [
        (pl.List(pl.Int64), list_values(st.none() | _EPOCH)),
        (pl.List(pl.String), list_values(st.none() | _ISO)),
    ],
    "tags": [(pl.List(pl.String), list_values(text_values()))],
    "words": _SPLIT,
    "pairs": _SPLIT,
    "image": [(pl.List(pl.Float64), st.none() | _VECTORS)],
    "counts": _entries(pl.Float64, st.floats()),
    "names": _entries(pl.String, text_values()),
}


@st.composite
def awkward_rows(draw: st.DrawFn, rows: int) -> pl.DataFrame:
    """`rows` rows of the columns that `SCHEMA` reads, of any types."""
    columns = {}
    for name, want in SCHEMA.wants.items():
        if want == "id":
            columns[name] = draw(raw_columns(rows, lists=False))
            continue
        dtype, values = draw(st.sampled_from(_KINDS[name]))
        some = draw(st.lists(values, min_size=rows, max_size=rows))
        columns[name] = pl.Series(some, dtype=dtype)
    return pl.DataFrame(columns)


def json_columns(frame: pl.DataFrame) -> dict[str, list[Any]]:
    """The same rows as the columns of a request."""
    return {series.name: _json(series, SCHEMA.wants[series.name]) for series in frame}


def _json(series: pl.Series, want: str) -> list[Any]:
    if isinstance(series.dtype, pl.List):
        flat = series.explode(empty_as_null=False, keep_nulls=False)
        elements = {"ids": "id", "numbers": "number", "map": "map"}[want]
        rest = iter(_json(flat, elements))
        lists = [None if one is None else [next(rest) for _ in one] for one in series]
        if want == "map":
            return [one if one is None else dict(chain(*one)) for one in lists]
        return lists
    if want == "map":
        numbers = series.struct.field("value").dtype.is_float()
        held = _json(series.struct.field("value"), "number" if numbers else "id")
        return [[(key, one)] for key, one in zip(series.struct.field("key"), held, strict=True)]
    if want == "id" and not _exact(series):
        series = series.to_frame("x").select(canonical(pl.col("x"), series.dtype, "x"))["x"]
    if series.dtype.is_decimal() or series.dtype == pl.Float32:
        series = series.cast(pl.Float64)
    return [None if isinstance(one, float) and not math.isfinite(one) else one for one in series]


def _exact(series: pl.Series) -> bool:
    """Whether JSON's numbers name these ids exactly."""
    if series.dtype == pl.Float64:
        return bool(series.drop_nans().abs().lt(EXACT).all())
    return not series.dtype.is_decimal() and series.dtype != pl.Float32
