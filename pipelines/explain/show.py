"""Contributions for people, and as JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from rich.markup import escape

from features.schema import Schema
from pipelines import console
from pipelines.explain.contributions import Contributions
from pipelines.subject import CTR

_CANDIDATES = 6  # that stand side by side on a terminal
_LONG = 24  # characters of a value
_MISSED = 0.01  # of a logit

Found = dict[str, Contributions]


def _title(scorer: str, of: Contributions) -> str:
    what = "logit" if scorer == CTR else "score"
    return f"{scorer}, contributions to the {what} by {of.method}"


def _warn(of: Contributions) -> None:
    """Of contributions that miss the score by more than rounding."""
    if of.gap > _MISSED:
        console.OUT.print(
            f"By {of.method} contributions and logit differ by up to {of.gap:.2g}: along the way "
            "the network changes faster than the steps. --method shapley adds up exactly."
        )


def show_sample(found: Found, rows: int) -> None:
    """By scorer, the mean size of each feature's contribution."""
    for scorer, of in found.items():
        total = sum(of.sizes.values()) or 1.0
        cells = [[name, one, f"{one / total:.1%}"] for name, one in of.sizes.items()]
        title = f"{_title(scorer, of)}: mean |contribution| over {rows} rows"
        console.table(title, ["feature", "mean", "share"], cells)
        _warn(of)


def show_request(found: Found, raw: pl.DataFrame, schema: Schema) -> None:
    """By scorer, the contributions of each candidate, the first few of them."""
    for scorer, of in found.items():
        _warn(of)
        many = len(of.score)
        if many == 1:
            _show_row(_title(scorer, of), of, raw, schema)
            continue
        shown = range(min(many, _CANDIDATES))
        cells = [[name, *(of.row(row)[name] for row in shown)] for name in of.sizes]
        cells += [["baseline", *(float(of.baseline[row]) for row in shown)]]
        cells += [["sum", *(float(of.score[row]) for row in shown)]]
        title = _title(scorer, of)
        if many > _CANDIDATES:
            title += f" (candidates 0 to {_CANDIDATES - 1} of {many}; --row or --json for others)"
        console.table(title, ["feature", *(f"row {row}" for row in shown)], cells)


def _show_row(title: str, of: Contributions, raw: pl.DataFrame, schema: Schema) -> None:
    values = {one.name: _text(raw[one.column][0]) for one in schema.transforms}
    cells: list[list[object]] = []
    half = of.half
    for name, one in of.row(0).items():
        interval = []
        if half is not None:
            width = float(half[0, of.names.index(name)])
            interval = [f"{one - width:.4g} to {one + width:.4g}"]
        cells.append([name, escape(values.get(name, "")), one, *interval])
    pad = [] if half is None else [""]
    cells += [["baseline", "", float(of.baseline[0]), *pad], ["sum", "", float(of.score[0]), *pad]]
    interval_head = [] if half is None else ["95 %"]
    console.table(title, ["feature", "value", "contribution", *interval_head], cells)


def _text(value: Any) -> str:
    text = str(value.to_list() if isinstance(value, pl.Series) else value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"


def document(found: Found, *, rows: bool) -> dict[str, Any]:
    """By scorer: the mean sizes, and with `rows` the contributions of each."""
    return {scorer: _told(of, rows=rows) for scorer, of in found.items()}


def _told(of: Contributions, *, rows: bool) -> dict[str, Any]:
    told: dict[str, Any] = {
        "method": of.method,
        "rows": len(of.score),
        "mean": of.sizes,
        "gap": of.gap,
    }
    if rows:
        told["each"] = [_row(of, row) for row in range(len(of.score))]
    return told


def _row(of: Contributions, row: int) -> dict[str, Any]:
    told = {
        "sum": float(of.score[row]),
        "baseline": float(of.baseline[row]),
        "contributions": of.row(row),
    }
    if of.half is not None:
        told["half"] = dict(zip(of.names, np.round(of.half[row], 9).tolist(), strict=True))
    return told
