"""Requests that a bundle answers, made from its schema alone."""

from __future__ import annotations

from typing import Any

from serving.column import Column
from serving.request import JsonReader

Json = dict[str, Any]


def columns(reader: JsonReader, rows: int) -> dict[str, list[Any]]:
    """Made-up values, `rows` a column; no value of the training data."""
    return {
        name: [_value(column, row) for row in range(rows)]
        for name, column in reader.columns.items()
    }


def _value(column: Column, row: int) -> Any:
    if column.want == "map":
        return {str(row + 1): row + 0.5}
    if column.want == "value":
        return 1_700_000_000 + row
    value = row + 0.5 if column.want == "number" else str(row + 1)
    return [value] * (column.dim or 2) if column.listed else value


def requests(reader: JsonReader, rows: int = 2) -> dict[str, Json]:
    """The same rows in each of the ways to send them."""
    values = columns(reader, rows)
    # Histories are the user's: most often the same for all candidates.
    shared = [name for name, column in reader.columns.items() if column.listed]
    if not shared or len(shared) == len(values):
        shared = list(values)[:1]
    own = {name: column for name, column in values.items() if name not in shared}
    rowwise = [dict(zip(own, row, strict=True)) for row in zip(*own.values(), strict=True)]
    context = {name: values[name][0] for name in shared}
    return {
        "columns": {"context": context, "columns": own},
        "rows": {"context": context, "rows": rowwise or [{}] * rows},
        "columns only": {"columns": values},
    }
