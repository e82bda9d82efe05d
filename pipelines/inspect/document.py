"""Everything a profile says, as JSON; the page shows nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from features.readers.source import Source
from features.sketches.histogram import Histogram
from pipelines.inspect.bars import bars
from pipelines.inspect.column import ColumnProfile
from pipelines.inspect.profile import Inspected
from pipelines.inspect.rates import TOP, buckets
from pipelines.inspect.tally import Tally
from pipelines.inspect.values import Values
from pipelines.page import shown

QUANTILES = (0.0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1.0)

Document = dict[str, Any]


def document(inspected: Inspected, source: Source, data: str) -> Document:
    """`data`, `files`, `rows`, `label`, and one entry a column."""
    profile, roles = inspected.profile, inspected.roles
    taken = {} if roles is None else {name: one.taken for name, one in roles.taken.items()}
    label: Document = {"column": inspected.label, "why": inspected.why}
    if inspected.label is not None:
        label |= tally(profile.columns[inspected.label].total)
    return {
        "data": data,
        "files": [file.name for file in source.files],
        "rows": profile.rows,
        "label": label,
        "columns": [
            _column(column, taken.get(name), inspected.label)
            for name, column in profile.columns.items()
        ],
    }


def tally(counted: Tally) -> Document:
    found: Document = {"rows": counted.rows}
    if counted.labelled:
        found |= {"labelled": counted.labelled, "positives": counted.positives}
        found |= {"rate": counted.rate, "interval": counted.interval}
    return found


def _column(column: ColumnProfile, role: str | None, label: str | None) -> Document:
    values = column.values
    found: Document = {
        "column": column.name,
        "dtype": shown.dtype(column.dtype),
        "kind": column.kind,
        "role": role,
        "rows": column.total.rows,
        "nulls": column.nulls,
        "missing": column.missing,
        "missing_share": column.missing / column.total.rows,
    }
    if column.lengths is not None:
        found["lengths"] = _quantiles(column.lengths)
    if values is not None:
        found |= _values(values, whole=column.dtype.is_integer())
    if label is not None and column.name != label:
        found["rates"] = [
            {"value": one.value, "low": one.low, "high": one.high, "name": one.name}
            | tally(one.tally)
            for one in buckets(column)
        ]
    found["notes"] = column.notes
    return found


def _values(values: Values, *, whole: bool) -> Document:
    distinct, error = values.cardinality
    found: Document = {
        "values": values.present.rows,
        "nan": values.nans,
        "empty": values.empty,
        "distinct": round(distinct),
        "distinct_error": error,
        "top": _top(values),
        "top_error": values.frequent.error,
        "coverage": _coverage(values),
    }
    if values.numbers is not None and values.moments is not None:
        found["infinite"] = values.numbers.infinities
        found["numbers"] = {
            "mean": _finite(values.moments.mean) if values.moments.count else None,
            "std": _finite(values.moments.std) if values.moments.count else None,
            **_quantiles(values.numbers),
        }
        if values.numbers.count:
            found["numbers"]["bars"] = asdict(bars(values.numbers, whole=whole))
    return found


def _quantiles(numbers: Histogram) -> Document:
    names = [f"{100 * q:g}%" for q in QUANTILES]
    found = [_finite(one) for one in numbers.quantiles(QUANTILES)]
    return {"quantiles": dict(zip(names, found, strict=True)), "quantile_error": numbers.error}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _top(values: Values) -> list[Document]:
    return [
        {
            "value": row["value"],
            "length": row["length"],
            "count": row["count"],
            "at_most": row["count"] + row["missed"],
            "share": row["count"] / values.present.rows,
        }
        for row in values.frequent.top(TOP).iter_rows(named=True)
    ]


def _coverage(values: Values) -> list[tuple[int, float]]:
    """Share of the values that are among the first 1, 2, 5, 10, 20, 50 ... most frequent."""
    counts = values.frequent.top(values.frequent.limit)["count"].cum_sum()
    steps = [m * 10**e for e in range(6) for m in (1, 2, 5) if m * 10**e < len(counts)]
    last: Sequence[int] = [len(counts)] if len(counts) else []
    return [(n, counts[n - 1] / values.present.rows) for n in (*steps, *last)]
