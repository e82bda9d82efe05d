"""A request's body to the rows it asks scores for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from typing import Any

import orjson
import polars as pl

from features.schema import Schema
from features.suggest import listing, nearest
from features.want import Want
from serving.column import Column
from serving.options import KEYS, RankOptions
from serving.problem import (
    BAD_BODY,
    BAD_COLUMNS,
    BAD_VALUE,
    TOO_LARGE,
    RequestError,
    describe,
    short,
)
from serving.values import Values, to_series

Json = dict[str, Any]


@dataclass(frozen=True)
class Candidates:
    """Raw rows to score, and what is asked of a ranking.

    Of the columns, those in `context` hold one value, for every row. `further` ones (rows,) are
    those that re-ranking reads and the model does not.
    """

    context: dict[str, pl.Series]
    columns: dict[str, pl.Series]
    rows: int
    options: RankOptions
    further: dict[str, pl.Series] = field(default_factory=dict)

    def column(self, name: str) -> pl.Series:
        """Of every row, wherever it came."""
        if name in self.context:
            return self.context[name].new_from_index(0, self.rows)
        return self.columns[name] if name in self.columns else self.further[name]

    @property
    def frame(self) -> pl.DataFrame:
        """The rows, context included."""
        shared = {name: one.new_from_index(0, self.rows) for name, one in self.context.items()}
        return pl.DataFrame(shared | self.columns)


class JsonReader:
    """Reads `{"context": {column: value}, "columns": {column: [value]}}`, or `"rows"`.

    The context's values hold for every row. Every column that the model reads must come, in one
    of the two places, and no other may: so a mistyped name cannot pass for missing values. What
    re-ranking reads beside those must come where it applies, and may come elsewhere.
    """

    def __init__(
        self, schema: Schema, max_rows: int, reranked: Mapping[str, Want] | None = None
    ) -> None:
        self._model = {name: Column.of(schema, name) for name in schema.columns}
        further = {name: Column.plain(name, want) for name, want in (reranked or {}).items()}
        self.columns = self._model | further | self._model  # the model decides how its own are read
        self._reranks, self._max_rows = reranked is not None, max_rows

    def read(self, body: bytes, *, ranking: bool = False) -> Candidates:
        """Raises RequestError, which names the column and the row."""
        document = _parse(body)
        keys = {"context", "columns", "rows"} | (KEYS if ranking else set())
        if unknown := document.keys() - keys:
            raise RequestError(
                BAD_BODY,
                f"The body may hold {listing(sorted(keys))}; it holds {_names(unknown)}.",
            )
        context = document.get("context", {})
        if type(context) is not dict:
            raise RequestError(
                BAD_BODY, f"'context' must be an object; it is {describe(context)}. Leave it out."
            )
        columns, rows, count = self._candidates(document)
        options = RankOptions.of(document, reranks=ranking and self._reranks)
        self._check_names(context, columns, self.columns if options.rerank else self._model)
        shared = [self._values(name, [value], shared=True) for name, value in context.items()]
        own = [self._values(name, values, shared=False) for name, values in columns.items()]
        booleans = b"true" in body or b"false" in body
        series = to_series(shared + own, booleans=booleans)
        entries = sum(len(one.values) for one in shared + own if one.want == "map")
        _refuse_duplicates(body, len(document) + len(context) + count + entries)
        further = {name: one for name, one in series.items() if name not in self._model}
        for name in context.keys() & further.keys():
            further[name] = further[name].new_from_index(0, rows)
        return Candidates(
            {name: series[name] for name in context if name not in further},
            {name: series[name] for name in columns if name not in further},
            rows,
            options,
            further,
        )

    def _candidates(self, document: Json) -> tuple[Json, int, int]:
        """Lists by column, the rows, and how many keys the body spent on them."""
        if ("columns" in document) == ("rows" in document):
            raise RequestError(BAD_BODY, "The body must hold either 'columns' or 'rows'.")
        if "rows" in document:
            rows = document["rows"]
            if type(rows) is not list:
                raise RequestError(BAD_BODY, f"'rows' must be a list; it is {describe(rows)}.")
            self._check_count(len(rows))
            return _pivot(rows), len(rows), sum(map(len, rows))
        columns = document["columns"]
        if type(columns) is not dict:
            raise RequestError(BAD_BODY, f"'columns' must be an object; it is {describe(columns)}.")
        for name, values in columns.items():
            if type(values) is not list:
                raise _misplaced(name, values)
        lengths = {name: len(values) for name, values in columns.items()}
        self._check_count(max(lengths.values(), default=0))
        if len(set(lengths.values())) > 1:
            raise _ragged(lengths)
        return columns, next(iter(lengths.values())), len(columns)

    def _check_count(self, rows: int) -> None:
        if rows == 0:
            raise RequestError(
                BAD_BODY, "The body must hold at least one row in 'columns' or 'rows'."
            )
        if rows > self._max_rows:
            raise RequestError(
                TOO_LARGE,
                f"A request must hold at most {self._max_rows} rows; this holds {rows}. "
                "Send it in parts, or raise CROSSRANK_MAX_ROWS.",
            )

    def _check_names(self, context: Json, columns: Json, wanted: Mapping[str, Column]) -> None:
        if unknown := [name for name in (*context, *columns) if name not in self.columns]:
            near = nearest(unknown[0], self.columns) if len(unknown[0]) < 200 else ""
            raise RequestError(
                BAD_COLUMNS,
                f"Every column must be one that the model reads; it does not read "
                f"{_names(unknown)}.{near} Mend the name, or leave the column out.",
                column=short(unknown[0]),
            )
        if twice := context.keys() & columns.keys():
            raise RequestError(
                BAD_COLUMNS,
                f"A column must come in the context or in the rows; {_names(twice)} came in both.",
                column=min(twice),
            )
        came = context.keys() | columns.keys()
        if not wanted.keys() <= came:
            missing = [name for name in wanted if name not in came]
            reader = "model" if missing[0] in self._model else "re-ranking"
            raise RequestError(
                BAD_COLUMNS,
                f"Every column that the {reader} reads must come; the body lacks "
                f"{_names(missing)}. Send null for values that are not known.",
                column=missing[0],
            )

    def _values(self, name: str, values: list[Any], *, shared: bool) -> Values:
        column = self.columns[name]
        if not column.listed:
            return Values(name, column.want, values, None, shared)
        if column.separator is not None:
            separator = column.separator
            values = [_split(one, separator) if type(one) is str else one for one in values]
        kind = dict if column.want == "map" else list
        if not set(map(type, values)) <= {kind, type(None)}:
            raw = Values(name, column.want, values, None, shared)
            row = next(i for i, one in enumerate(values) if type(one) not in (kind, type(None)))
            raise raw.refuse(row, column.wanted, describe(values[row]))
        if column.want == "map":
            values = [one and _entries(one) for one in values]
        elements = list(chain.from_iterable(one or () for one in values))
        lengths = [None if one is None else len(one) for one in values]
        return Values(name, column.want, elements, lengths, shared)


def _split(text: str, separator: str) -> list[str] | None:
    return text.split(separator) if text else None  # "" is missing, not a list of it


def _entries(value: Json) -> list[Json]:
    return [{"key": key, "value": held} for key, held in value.items()]


def _parse(body: bytes) -> Json:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(
            BAD_BODY,
            f"The body must be JSON in UTF-8: {error}. NaN and Infinity are not JSON; send null.",
        ) from error
    if type(document) is not dict:
        raise RequestError(BAD_BODY, f"The body must be an object; it is {describe(document)}.")
    return document


def _pivot(rows: list[Any]) -> Json:
    """Lists by column, from rows that all hold the columns of the first."""
    for row, one in enumerate(rows):
        if type(one) is not dict:
            raise RequestError(
                BAD_VALUE,
                f"Each of 'rows' must be an object; row {row} is {describe(one)}.",
                row=row,
            )
    names = list(rows[0])
    if set(map(len, rows)) != {len(names)}:
        raise _uneven(rows)
    try:
        if len(names) < 2:  # an itemgetter of one name gives no tuple
            return {name: [one[name] for one in rows] for name in names}
        values = map(list, zip(*map(itemgetter(*names), rows), strict=True))
        return dict(zip(names, values, strict=True))
    except KeyError:
        raise _uneven(rows) from None


def _uneven(rows: list[Json]) -> RequestError:
    row, odd = next((i, one) for i, one in enumerate(rows) if one.keys() != rows[0].keys())
    name = min(odd.keys() ^ rows[0].keys())
    has, lacks = (row, 0) if name in odd else (0, row)
    return RequestError(
        BAD_COLUMNS,
        f"All rows must hold the same columns; row {has} holds '{short(name)}' and row {lacks} "
        "does not. Send null for values that are not known.",
        column=short(name),
        row=row,
    )


def _ragged(lengths: dict[str, int]) -> RequestError:
    first, wanted = next(iter(lengths.items()))
    name = next(name for name, length in lengths.items() if length != wanted)
    return RequestError(
        BAD_COLUMNS,
        f"All columns must be equally long; '{short(first)}' holds {wanted} values and "
        f"'{short(name)}' holds {lengths[name]}.",
        column=short(name),
    )


def _misplaced(name: str, value: object) -> RequestError:
    return RequestError(
        BAD_VALUE,
        f"Column '{short(name)}' must hold a list, one value a row; it holds {describe(value)}. "
        "Move a value that holds for all rows to 'context'.",
        column=short(name),
    )


def _refuse_duplicates(body: bytes, keys: int) -> None:
    """orjson keeps the last of equal keys; here each of the body's colons must be a key's own."""
    if body.count(b":") == keys:
        return
    # Some are in texts: leave those out. Escapes go first, so that each quote left bounds one.
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body
    if b"".join(plain.split(b'"')[::2]).count(b":") != keys:
        raise RequestError(
            BAD_BODY, "The keys of an object must differ; some object has the same key twice."
        )


def _names(names: Any) -> str:
    return listing(f"'{short(name)}'" for name in names)
