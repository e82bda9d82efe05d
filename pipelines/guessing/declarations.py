"""What each column becomes as a feature, if it becomes one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import polars as pl

from features.dataset.dataset import ROLES
from pipelines.guessing import toml, words
from pipelines.guessing.column import Column
from pipelines.guessing.finding import LEFT_OUT, Finding
from pipelines.guessing.roles import Columns, Roles
from pipelines.guessing.vocabulary import shared_vocabulary

_FEW = 20  # distinct whole numbers that are surely kinds of something
_SOME = 1000  # distinct whole numbers that may still be,
_RECUR = 10  # if each is in so many rows, on average
_LONGEST = 50  # elements of a sequence kept at most

Scale = Literal["id", "numeric"]


def find_features(columns: Columns, roles: Roles, training: pl.Series) -> list[Finding]:
    """One finding for each column without a role. `training`: which rows will train, Boolean."""
    label = columns[roles.label.column].values.cast(pl.Float64)
    rest = {name: column for name, column in columns.items() if name not in roles.taken}
    out = {name: _left_out(column, label, training) for name, column in rest.items()}
    found = {name: column for name, column in rest.items() if out[name] is None}
    declared = _scalars(found)
    declared |= _sequences(found, [n for n, one in declared.items() if one.taken == "id"])
    return [left or declared[name] for name, left in out.items()]


def _left_out(column: Column, label: pl.Series, training: pl.Series) -> Finding | None:
    why = _useless(column, training) or _unreadable(column) or _deceiving(column, label)
    if why is None:
        return None
    told = column.kind not in ("empty", "nested") and column.distinct > 1
    return Finding(column.name, LEFT_OUT, why, f"{column.distinct} values" if told else "")


def _useless(column: Column, training: pl.Series) -> str | None:
    names_rows = column.kind == "text" or (
        column.whole and (words.is_code(column.name) or column.row_number)
    )
    if _silent(column):
        return "it has no values"
    if column.constant:
        return "it is the same in every row"
    if names_rows and column.distinct_per_row and column.separator is None:
        return "it differs in nearly every row, so nothing it says comes back"
    if _silent(Column(column.values.filter(training))):
        return "it has no values in the rows that train"
    return None


def _silent(column: Column) -> bool:
    return column.kind == "empty" or (column.kind == "list" and not column.distinct)


def _unreadable(column: Column) -> str | None:
    if column.kind == "nested":
        return f"no feature reads {column.values.dtype}"
    timely = column.kind == "time" or column.written_date
    if timely or (words.is_time(column.name) and column.epoch is not None):
        return "it is a date or a time, and those to be scored lie beyond all dates learned"
    return None


def _deceiving(column: Column, label: pl.Series) -> str | None:
    if column.name in ROLES.values():
        return "the name is reserved; rename the column"
    if column.binary:
        if words.rank(column.name, words.LABELS) is not None:
            return "it is an outcome, not known when a row is scored"
        if (column.values.cast(pl.Float64) == label).all():
            return "it equals the label in every row"
    if "propensity" in words.words(column.name):
        return "it says how the log was made, not what was shown"
    if words.plain(column.name) in words.POSITIONS[:2]:
        return "it says where the row was shown, which is not known when a row is scored"
    if words.visit_rank(column.name) is not None:
        return "it names a visit, which does not come back"
    return None


def _scalars(columns: Columns) -> dict[str, Finding]:
    scales = _scales(columns)
    families: dict[Any, list[Column]] = defaultdict(list)
    for name, (scale, _) in scales.items():
        families[_family(name), scale].append(columns[name])
    options = {key: _options(key[1], family) for key, family in families.items()}
    return {
        name: _scalar(columns[name], scale, why, options[_family(name), scale])
        for name, (scale, why) in scales.items()
    }


def _scales(columns: Columns) -> dict[str, tuple[Scale, str]]:
    """Id or numeric, and why; where it is not sure, numbered columns follow the most of them."""
    scales: dict[str, tuple[Scale, str]] = {}
    unsure: dict[str, list[str]] = defaultdict(list)
    for name, column in columns.items():
        if column.kind != "list" and column.separator is None:
            scales[name], sure = _scale(column)
            stem, is_numbered = _family(name)
            if is_numbered and not sure:
                unsure[stem].append(name)
    for stem, names in unsure.items():
        (most, _), *_ = Counter(scales[name][0] for name in names).most_common()
        why = f"most columns named {toml.string(stem)} and a number are so"
        scales |= {name: (most, why) for name in names if scales[name][0] != most}
    return scales


def _family(name: str) -> tuple[str, bool]:
    """The same for C1 and C2, and for no other names."""
    found = words.numbered(name)
    return (name, False) if found is None else (found[0], True)


def _scale(column: Column) -> tuple[tuple[Scale, str], bool]:
    """Id or numeric, why, and whether that is sure."""
    if column.kind == "text":
        return ("id", "it is text"), True
    if column.kind == "boolean":
        return ("id", "it is true or false"), True
    if column.whole and words.is_code(column.name):
        return ("id", "its name says that its whole numbers are ids"), True
    if column.kind == "float":
        return ("numeric", "it is a floating-point number"), True
    if words.is_quantity(column.name):
        return ("numeric", "its name says that it counts or measures"), True
    if column.distinct <= _FEW:
        return ("id", "it holds few whole numbers"), False
    if column.distinct >= min(_SOME, len(column.present) / _RECUR):
        return ("numeric", "it holds many whole numbers"), False
    if column.skewed or column.fills_range:
        return ("numeric", "its whole numbers spread as amounts do"), False
    return ("id", "it holds the same few whole numbers, far apart"), False


def _options(scale: Scale, family: Sequence[Column]) -> dict[str, Any]:
    """Of a declaration, the same for the whole family."""
    if scale == "id":
        least = max(_min_count(one.present) for one in family)
        return {"min_count": least} if least > 1 else {}
    return {"log": True} if 2 * sum(one.skewed for one in family) > len(family) else {}


def _scalar(column: Column, scale: Scale, why: str, options: Mapping[str, Any]) -> Finding:
    declaration = {"type": scale, **options}
    if scale == "id":
        return Finding(column.name, "id", why, f"{column.distinct} values", declaration)
    least, median, _, most = column.figures
    figures = f"{least:.6g} to {most:.6g}, median {median:.6g}"
    if "log" not in options:
        return Finding(column.name, "numeric", why, figures, declaration)
    why = f"{why}, and few are far larger than the others"
    return Finding(column.name, "numeric (log)", why, figures, declaration)


def _min_count(values: pl.Series) -> int:
    """Rows below which a value has too few to learn from, where there are many values.

    No more than the most frequent value has, so that something is left to learn.
    """
    distinct = values.n_unique()
    if distinct <= 1_000:
        return 1
    return min(4 if distinct > 10_000 else 2, int(values.unique_counts().sort()[-1]))


def _sequences(columns: Columns, ids: list[str]) -> dict[str, Finding]:
    found = {}
    for name, column in columns.items():
        if column.kind != "list" and column.separator is None:
            continue
        mark = column.separator
        length = min(max(column.longest(mark), 1), _LONGEST)
        declaration: dict[str, Any] = {"type": "sequence", "max_length": length}
        why = "it holds lists"
        if mark is not None:
            declaration["separator"] = mark
            why = f"its text lists words between '{mark}'"
        elements = column.elements(mark)
        owner = shared_vocabulary(column, [columns[one] for one in ids])
        if owner is not None:
            declaration["vocabulary"] = owner
            why = f"{why}, whose values overlap with those of {toml.string(owner)}"
        elif (least := _min_count(elements)) > 1:
            declaration["min_count"] = least
        figures = f"{elements.n_unique()} values, up to {column.longest(mark)} a row"
        found[name] = Finding(name, "sequence", why, figures, declaration)
    return found
