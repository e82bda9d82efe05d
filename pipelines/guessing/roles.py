"""Which columns are no features: label, weight, query, position; a row's time and its part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from features.errors import ConfigError
from features.suggest import listing, nearest
from pipelines.guessing import words
from pipelines.guessing.column import Column
from pipelines.guessing.finding import Finding
from pipelines.splits.split import PARTS

Columns = Mapping[str, Column]

_FARTHEST = 1000  # positions beyond this are not places in a list of results


@dataclass(frozen=True)
class Roles:
    """The findings by role; `user` is a feature too, the others are not."""

    label: Finding
    weight: Finding | None
    query: Finding | None
    position: Finding | None
    time: Finding | None
    part: Finding | None
    user: str | None

    @property
    def taken(self) -> dict[str, Finding]:
        """Findings by column."""
        found = (self.label, self.weight, self.query, self.position, self.time, self.part)
        return {one.column: one for one in found if one is not None}


def find_roles(columns: Columns, label: str | None) -> Roles:
    """Raises ConfigError where no column can be the label, or `label` cannot."""
    found = _label(columns, label)
    rest = {name: column for name, column in columns.items() if name != found.column}
    places = [column for column in rest.values() if _may_be_position(column)]
    query, position = _query_and_position(rest, places)
    taken = {one.column for one in (query, position) if one is not None}
    rest = {name: column for name, column in rest.items() if name not in taken}
    users = [name for name, column in rest.items() if words.is_user(name) and not column.nulls]
    return Roles(
        label=found,
        weight=_weight(rest),
        query=query,
        position=position,
        time=_time(rest),
        part=_part(rest),
        user=users[0] if users else None,
    )


def _label(columns: Columns, asked: str | None) -> Finding:
    if asked is not None and asked not in columns:
        raise ConfigError(
            f"The label '{asked}' must be a column of the data; it holds {listing(columns)}."
            f"{nearest(asked, columns)}"
        )
    binary = [name for name, column in columns.items() if column.binary]
    if asked is not None:
        if asked not in binary:
            raise ConfigError(
                f"The label must be 0 or 1 in every row, and both must occur; column '{asked}' "
                f"{_unlike_a_label(columns[asked])}. Map it first, or name another: "
                f"{_candidates(binary)}."
            )
        return _as_label(columns[asked], "it was named")
    ranks = {name: words.rank(name, words.LABELS) for name in binary}
    if named := [name for name in binary if ranks[name] is not None]:
        best = min(named, key=lambda name: ranks[name] or 0)
        return _as_label(columns[best], "of its name and its values, 0 and 1")
    plausible = [name for name in binary if words.is_outcome(name)]
    if len(plausible) == 1:
        return _as_label(columns[plausible[0]], "it alone is 0 and 1 and named like an outcome")
    unfit = [
        f"'{name}' {_unlike_a_label(column)}"
        for name, column in columns.items()
        if words.rank(name, words.LABELS) is not None
    ]
    raise ConfigError(
        "One column must be the label, 0 or 1 in every row, under a name such as click or label; "
        f"none is{''.join(f' ({one})' for one in unfit)}. Name the label (label=...), or make it: "
        f"{_candidates(binary)}."
    )


def _candidates(binary: list[str]) -> str:
    return f"columns of 0 and 1 are {listing(binary)}" if binary else "no column is 0 and 1"


def _unlike_a_label(column: Column) -> str:
    if column.nulls:
        return f"misses {column.nulls} of {len(column.values)} rows"
    if column.kind in ("list", "nested"):
        return f"holds {column.values.dtype}"
    shown = ", ".join(str(value) for value in column.present.unique(maintain_order=True).head(4))
    more = ", ..." if column.distinct > 4 else ""
    return f"holds {column.values.dtype}: {shown}{more}"


def _as_label(column: Column, why: str) -> Finding:
    ones = int(column.present.cast(pl.Int64).sum())
    return Finding(column.name, "label", why, f"{ones / len(column.values):.3%} are 1")


def _may_be_position(column: Column) -> bool:
    if words.rank(column.name, words.POSITIONS) is None:
        return False
    if not column.whole or column.nulls:
        return False
    least, _, _, most = column.figures
    return 0 <= least < most <= _FARTHEST


def _query_and_position(
    columns: Columns, places: list[Column]
) -> tuple[Finding | None, Finding | None]:
    """The query whose rows differ in position, else the best named; and a position that fits."""
    places.sort(key=lambda column: words.rank(column.name, words.POSITIONS) or 0)
    queries = sorted(
        (
            column
            for column in columns.values()
            if words.visit_rank(column.name) is not None
            and column.stands_together
            # Prepared data holds whole query ids as Int64.
            and (column.kind == "text" or column.figures[3] < 2**63)
        ),
        key=lambda column: words.visit_rank(column.name) or 0,
    )
    for query in queries:
        for place in places:
            if _distinct_within(place, query):
                why = "of its name, and it is a different small number in each row of a query"
                return _as_query(query), Finding(place.name, "position", why, _range(place))
    if queries:
        return _as_query(queries[0]), None
    if places:
        why = "of its name and its small numbers"
        return None, Finding(places[0].name, "position", why, _range(places[0]))
    return None, None


def _distinct_within(place: Column, query: Column) -> bool:
    pairs = pl.DataFrame({"query": query.values, "place": place.values})
    return pairs.n_unique() == pairs.height


def _range(column: Column) -> str:
    least, _, _, most = column.figures
    return f"{least:g} to {most:g}"


def _as_query(column: Column) -> Finding:
    mean = len(column.values) / column.distinct
    return Finding(
        column.name,
        "query",
        "of its name, and rows of one value stand together",
        f"{column.distinct} queries of {mean:.3g} rows",
    )


def _weight(columns: Columns) -> Finding | None:
    for name in words.WEIGHTS:
        for column in columns.values():
            named = words.plain(column.name) == name and column.numeric and not column.nulls
            if named and column.figures[0] > 0 and not column.constant:
                why = "of its name and its positive numbers"
                return Finding(column.name, "weight", why, _range(column))
    return None


def _time(columns: Columns) -> Finding | None:
    found = [column for column in columns.values() if _may_be_time(column)]
    if not found:
        return None
    ranks = {column.name: words.rank(column.name, words.TIMES) for column in found}
    last = len(words.TIMES)
    best = min(found, key=lambda one: last if (at := ranks[one.name]) is None else at)
    if best.kind == "time":
        ends = f"{best.present.min()!s} to {best.present.max()!s}"
        return Finding(best.name, "time", "it holds times", ends)
    if best.epoch is None:
        why = "of its name and its numbers, which never descend"
        return Finding(best.name, "time", why, _range(best))
    least, _, _, most = best.figures
    begin, end = (datetime.fromtimestamp(time / best.epoch, UTC) for time in (least, most))
    why = "of its name and its numbers, which may be times since 1970"
    return Finding(best.name, "time", why, f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}")


def _may_be_time(column: Column) -> bool:
    if column.nulls or column.constant or not words.is_row_time(column.name):
        return False
    if column.kind == "time":
        return column.values.dtype not in (pl.Time(), pl.Duration())
    if not column.numeric or not words.is_time(column.name):
        return False
    ascending = words.rank(column.name, words.TIMES) is not None and column.values.is_sorted()
    return column.epoch is not None or ascending


def _part(columns: Columns) -> Finding | None:
    for name in words.PARTITIONS:
        for column in columns.values():
            if words.plain(column.name) == name and column.kind == "text":
                values = set(column.present.unique())
                if {"train", "valid"} <= values <= set(PARTS):
                    why = "its values name the parts"
                    return Finding(column.name, "split", why, ", ".join(sorted(values)))
    return None
