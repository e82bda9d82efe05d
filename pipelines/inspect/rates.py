"""How the label depends on a column: its rate by bucket."""

from __future__ import annotations

from dataclasses import dataclass

from features.sketches.frequent import Frequent
from features.sketches.histogram import Histogram
from pipelines.inspect.column import ColumnProfile
from pipelines.inspect.tally import Tally

TOP = 20  # values shown of an id
_TENTHS = [i / 10 for i in range(1, 10)]


@dataclass(frozen=True)
class Bucket:
    """Rows of a column: of one value, or of the numbers from `low` to `high`, or named so."""

    tally: Tally
    value: str | None = None
    low: float | None = None
    high: float | None = None
    name: str | None = None


def buckets(column: ColumnProfile) -> list[Bucket]:
    """Every row (of lists of ids: every row again, by length) in one bucket.

    Numbers and lengths lie in ten buckets of about as many rows, few numbers in one each; ids
    are their most frequent values and the rest. Rows without a value come last.
    """
    if column.lengths is not None:
        return _filled(_by_number(column.lengths), column.total, "missing")
    values = column.values
    if values is None:
        return []
    if values.numbers is not None and column.kind != "id":
        rest = "missing or infinite" if values.numbers.infinities else "missing"
        return _filled(_by_number(values.numbers), column.total, rest)
    return [
        *_filled(_by_value(values.frequent), values.present, "the rest"),
        *_filled([], column.total.less([values.present]), "missing"),
    ]


def cuts(numbers: Histogram) -> list[int]:
    """Where numbers are cut into ten buckets, or into single values, where there are few."""
    few = numbers.table.height <= TOP
    return numbers.table["key"].to_list()[:-1] if few else numbers.cuts(_TENTHS)


def _by_number(numbers: Histogram) -> list[Bucket]:
    if not numbers.count:
        return []
    rows = numbers.split(cuts(numbers)).iter_rows(named=True)
    return [Bucket(Tally.of_sums(row), low=row["low"], high=row["high"]) for row in rows]


def _by_value(frequent: Frequent) -> list[Bucket]:
    rows = frequent.top(TOP).iter_rows(named=True)
    return [Bucket(Tally.of_sums(row), value=row["value"]) for row in rows]


def _filled(found: list[Bucket], whole: Tally, name: str) -> list[Bucket]:
    rest = whole.less([bucket.tally for bucket in found])
    return [*found, Bucket(rest, name=name)] if rest.rows else found
