"""How one log differs from another, each read once."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from features.errors import ConfigError
from features.readers.source import Source
from features.suggest import listing
from pipelines.guessing.roles import Roles
from pipelines.guessing.sample import sample_rows
from pipelines.inspect.column import COUNTS_ROWS, NAMES_ROWS, ColumnProfile, Kind
from pipelines.inspect.distance import Distance, kolmogorov_smirnov, psi
from pipelines.inspect.drift import ColumnDrift, Drift, Thresholds, check_ignored
from pipelines.inspect.gather import Report, gather
from pipelines.inspect.known import Arrived, Known
from pipelines.inspect.parts import common_kind, parts
from pipelines.inspect.profile import guess_roles
from pipelines.page import shown


def between_logs(
    a: Source, b: Source, thresholds: Thresholds, ignored: Sequence[str], report: Report
) -> Drift:
    """Compare every column that is not `ignored`.

    Raises:
        ConfigError: an ignored column is in neither, or no other is in both.
        DataError: rows that cannot be read.
    """
    check_ignored(ignored, [*a.schema, *b.schema])
    kept = [name for name in a.schema if name not in ignored]
    shared = [name for name in kept if name in b.schema]
    if not shared:
        raise ConfigError(
            f"A and B must share a column; A holds {listing(a.schema)}, B {listing(b.schema)}."
        )
    size = sample_rows(len(shared))
    roles, _ = guess_roles(next(a.batches(rows=size)), None)
    known = gather(a.batches(shared, size), Known.of, "A", report)
    arrived = gather(
        b.batches(shared, size), lambda frame: Arrived.of(frame, known.seen), "B", report
    )
    found = [
        _compared(name, known, arrived, roles).judged(thresholds)
        if name in shared
        else ColumnDrift(name, "other", ("missing from B",))
        for name in kept
    ]
    added = [name for name in b.schema if name not in a.schema and name not in ignored]
    found += [ColumnDrift(name, "other", ("only in B",)) for name in added]
    return Drift((known.profile.rows, arrived.profile.rows), tuple(found))


def _compared(name: str, known: Known, arrived: Arrived, roles: Roles | None) -> ColumnDrift:
    a, b = known.profile.columns[name], arrived.profile.columns[name]
    kind, found = common_kind(a, b), parts(a, b)
    changed = family(a.dtype) != family(b.dtype) and pl.Null() not in (a.dtype, b.dtype)
    values = 0 if b.values is None else b.values.present.rows
    seen = known.seen.get(name)
    return ColumnDrift(
        column=name,
        kind=kind,
        beyond=(f"{shown.dtype(a.dtype)} became {shown.dtype(b.dtype)}",) if changed else (),
        exempt=_exempt(a, roles),
        psi=psi([one.before for one in found], [one.after for one in found]) if found else None,
        ks=_ks(a, b, kind),
        missing=(a.missing / a.total.rows, b.missing / b.total.rows),
        unseen=arrived.new[name] / values if values and name in arrived.new else None,
        unseen_error=0.0 if seen is None else seen.error,
        parts=tuple(found),
    )


def _ks(a: ColumnProfile, b: ColumnProfile, kind: Kind) -> Distance | None:
    if a.lengths is not None and b.lengths is not None:
        return kolmogorov_smirnov(a.lengths, b.lengths)
    if kind not in ("number", "time") or a.values is None or b.values is None:
        return None
    if a.values.numbers is None or b.values.numbers is None:
        return None
    return kolmogorov_smirnov(a.values.numbers, b.values.numbers)


def _exempt(a: ColumnProfile, roles: Roles | None) -> str | None:
    """Why A's column is bound to change: it says when, or which row."""
    if roles is not None:
        named = {one.column: one.taken for one in (roles.time, roles.query, roles.part) if one}
        if a.name in named:
            return f"it is the {named[a.name]}"
    if a.kind == "time":
        return "it is a time"
    told = [note for note in a.notes if note in (COUNTS_ROWS, NAMES_ROWS)]
    return f"it {told[0]}" if told else None


def family(dtype: pl.DataType) -> str:
    """Types between which a column may change unnoticed, such as whole and other numbers."""
    if dtype.is_numeric():
        return "number"
    if isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
        return "text"
    if isinstance(dtype, pl.List | pl.Array):
        inner = dtype.inner
        return f"list of {family(inner if isinstance(inner, pl.DataType) else inner())}"
    return str(dtype.base_type())
