"""The same parts of a column in two logs, to be compared row by row."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from features.sketches.histogram import Histogram, aligned
from pipelines.inspect.column import ColumnProfile, Kind
from pipelines.inspect.rates import TOP, cuts
from pipelines.inspect.values import Values


@dataclass(frozen=True)
class Part:
    """Rows of A and of B: of one `value`, of numbers up to `high` or `above` all the others, or
    so named."""

    before: int
    after: int
    value: str | None = None
    high: float | None = None
    above: float | None = None
    name: str | None = None


def common_kind(a: ColumnProfile, b: ColumnProfile) -> Kind:
    """As what both can be compared; "other" where they cannot."""
    if a.kind == b.kind:
        return a.kind
    one_is_list = "list" in (a.kind, b.kind)
    return "other" if a.values is None or b.values is None or one_is_list else "id"


def parts(a: ColumnProfile, b: ColumnProfile) -> list[Part]:
    """Parts that hold each row once: by tenths of A, or by its most frequent values.

    Of lists, parts of the elements. The missing come last.
    """
    kind = common_kind(a, b)
    if a.values is None or b.values is None or kind == "other":
        return []
    if kind in ("number", "time") and a.values.numbers is not None and b.values.numbers is not None:
        return _by_number(a.values.numbers, b.values.numbers, a.total.rows, b.total.rows)
    found = _by_value(a.values, b.values)
    if kind == "list":
        return found
    before, after = (one.total.rows - one.values.present.rows for one in (a, b) if one.values)
    return [*found, Part(before, after, name="missing")]


def _by_number(a: Histogram, b: Histogram, rows_a: int, rows_b: int) -> list[Part]:
    a, b = aligned(a, b)
    if not a.count:
        found = [Part(0, b.count, name="numbers")]
    else:
        places = cuts(a)
        before, after = a.split(places), b.split(places)
        *ends, _ = before["high"]
        rows = list(zip(before["count"], after["count"], strict=True))
        found = [Part(*counts, high=end) for counts, end in zip(rows, ends, strict=False)]
        found.append(Part(*rows[-1], above=ends[-1] if ends else None))
    return [*found, Part(rows_a - a.count, rows_b - b.count, name="missing")]


def _by_value(a: Values, b: Values) -> list[Part]:
    top = a.frequent.top(TOP).join(
        b.frequent.table.select("hash", pl.col("count").alias("after")),
        on="hash",
        how="left",
        maintain_order="left",
    )
    rows = top.select("count", pl.col("after").fill_null(0), "value").iter_rows()
    found = [Part(before, after, value=value) for before, after, value in rows]
    before = a.present.rows - sum(one.before for one in found)
    after = b.present.rows - sum(one.after for one in found)
    return [*found, Part(before, after, name="the rest")]
