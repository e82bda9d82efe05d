"""A log at a glance: a line a column."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.inspect.document import Document
from pipelines.page import shown

Show = Callable[[float | None], str]

HEADS = ("column", "type", "missing", "distinct", "typical", "note")


def summary_rows(document: Document) -> list[list[str]]:
    """The cells under `HEADS` of each column."""
    return [
        [
            shown.name_of(one["column"]),
            one["dtype"] if one["role"] is None else f"{one['dtype']}, {one['role']}",
            shown.share(one["missing_share"]),
            distinct(one),
            _typical(one),
            ", ".join(one["notes"]),
        ]
        for one in document["columns"]
    ]


def distinct(column: Document) -> str:
    """Distinct values, with `~` where estimated."""
    if "distinct" not in column:
        return "-"
    return f"{'~' if column['distinct_error'] else ''}{shown.count(column['distinct'])}"


def _typical(column: Document) -> str:
    """The median of numbers, the most frequent of other values."""
    if column["kind"] in ("number", "time"):
        return f"median {show_of(column)(column['numbers']['quantiles']['50%'])}"
    if column.get("top"):
        first = column["top"][0]
        return f"{shown.value(first['value'], first['length'], 30)} ({shown.share(first['share'])})"
    return "-"


def show_of(column: Document) -> Show:
    """How this column's numbers are written."""
    if column["kind"] != "time":
        return shown.figure
    return shown.clock if column["dtype"] == "Time" else shown.moment
