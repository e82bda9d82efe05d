"""Rows that can be measured: those that lack something are refused, or dropped and counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import polars as pl

from features.errors import DataError
from features.suggest import listing
from pipelines.scoring import PROBABILITY, RANK, UNCALIBRATED

Missing = Literal["refuse", "drop"]
SCORES = (PROBABILITY, RANK, UNCALIBRATED)
_NEEDED = ("label", *SCORES, "weight", "query")
_EXAMPLES = 3


def lacking(scored: pl.DataFrame, groups: Sequence[str] = ()) -> dict[str, pl.Series]:
    """By column that must be there, which rows (rows,) hold null or NaN, where any does."""
    found = {}
    for name in dict.fromkeys([*_NEEDED, *groups]):
        if name not in scored.columns:
            continue
        column = scored[name]
        empty = column.is_null()
        if column.dtype.is_float():
            empty |= column.is_nan().fill_null(False)
        if empty.any():
            found[name] = empty
    return found


def usable(
    scored: pl.DataFrame, missing: Missing, groups: Sequence[str] = ()
) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows that lack no label, score, weight, query or group; and how many lack each.

    Raises:
        DataError: rows lack one, and are not to be dropped; or none is left.
    """
    found = lacking(scored, groups)
    counts = {name: int(empty.sum()) for name, empty in found.items()}
    if found and missing == "refuse":
        name, empty = next(iter(found.items()))
        rows = listing(map(str, empty.arg_true().head(_EXAMPLES)), _EXAMPLES)
        raise DataError(
            f"Every row must have a {name}; {counts[name]} of {scored.height} have null or NaN, "
            f"first at row {rows}. Mend them, or leave them out and counted with --missing drop."
        )
    if found:
        scored = scored.filter(~pl.any_horizontal(list(found.values())))
    if scored.is_empty():
        raise DataError(f"There must be a row to measure; all lack {listing(counts)}.")
    return scored, counts
