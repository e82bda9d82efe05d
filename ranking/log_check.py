"""Whether a log of clicks by position is whole, and whether debiasing can work on it."""

from __future__ import annotations

from typing import Literal

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict

from features.errors import DataError, SchemaError

Level = Literal["error", "warning", "note"]

_FEW_CLICKS = 50  # at a position: its rate is known to a seventh
_MANY, _SOME = 0.5, 0.05  # shares of queries, or of rows, beyond which something is said
_FIXED = 0.95  # of the spread of positions that items explain


class Finding(BaseModel):
    """Something about the log, in words. share: of queries or rows that it is true of."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    name: str
    text: str
    share: float | None = None


class LogCheck(BaseModel):
    """What a log of clicks holds, and what is wrong with it.

    overlap: of the impressions of items seen twice or more, the share whose item was seen at
    another position too; None without items. explained: the share of the variance of positions
    that lies between items (eta squared), 1 where each item has its own place.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    queries: int
    clicks: float
    positions: int
    overlap: float | None
    explained: float | None
    findings: tuple[Finding, ...]

    @property
    def can_debias(self) -> bool:
        """Whether nothing found makes debiasing impossible."""
        return not any(one.level == "error" for one in self.findings)


def check_log(log: pl.DataFrame, *, depth: int = 10) -> LogCheck:
    """Look at the columns query, position (from 0), click and, where known, item.

    `depth` is how many positions from the top a ranker tracks.

    Raises:
        SchemaError: a column is missing.
        DataError: no rows, or missing values.
    """
    _require(log)
    by_query = log.group_by("query", maintain_order=True).agg(
        rows=pl.len(),
        clicks=pl.col("click").sum(),
        first=pl.col("position").min(),
        last=pl.col("position").max(),
        distinct=pl.col("position").n_unique(),
        sorted=pl.col("position").diff().fill_null(1).ge(0).all(),
    )
    overlap, explained = _overlap(log) if "item" in log.columns else (None, None)
    findings = [
        *_of_clicks(log, by_query),
        *_of_positions(log, by_query, depth),
        *_of_queries(log, by_query),
        *_of_items(overlap, explained),
        *_of_rates(log, depth),
    ]
    order = {"error": 0, "warning": 1, "note": 2}
    return LogCheck(
        rows=log.height,
        queries=by_query.height,
        clicks=_sum(log["click"]),
        positions=log["position"].n_unique(),
        overlap=overlap,
        explained=explained,
        findings=tuple(sorted(findings, key=lambda one: order[one.level])),
    )


def _require(log: pl.DataFrame) -> None:
    for name in ("query", "position", "click"):
        if name not in log.columns:
            raise SchemaError(
                f"A log of clicks must have a {name} a row; this one has {', '.join(log.columns)}. "
                f"Declare data.{name if name != 'click' else 'label'}."
            )
        if missing := log[name].null_count():
            raise DataError(
                f"Every row must have a {name}; {missing} of {log.height} have none. "
                "Fill or remove them."
            )
    if not log.height:
        raise DataError("A log of clicks must hold at least one row; this one holds none.")


def _mean(values: pl.Series) -> float:
    return float(values.cast(pl.Float64).to_numpy().mean())


def _sum(values: pl.Series) -> float:
    return float(values.cast(pl.Float64).sum())


def _part(share: float) -> str:
    return "less than 0.1%" if 0 < share < 0.001 else f"{share:.1%}"


def _of_clicks(log: pl.DataFrame, by_query: pl.DataFrame) -> list[Finding]:
    found = []
    if not ((log["click"] == 0) | (log["click"] == 1)).all():
        found.append(
            Finding(
                level="error",
                name="labels",
                text="Labels must be clicks, 0 or 1; there are others. Graded labels have no "
                "position bias to remove: rank them with debias = 'none'.",
            )
        )
    without = _mean(by_query["clicks"] == 0)
    if without == 1:
        text = "No row was clicked, so there is nothing to learn from."
        found.append(Finding(level="error", name="no clicks", text=text, share=1.0))
    elif without > 0:
        text = f"{_part(without)} of the queries have no click; they form no pairs."
        level: Level = "warning" if without > 0.9 else "note"
        found.append(Finding(level=level, name="queries without clicks", text=text, share=without))
    return found


def _of_positions(log: pl.DataFrame, by_query: pl.DataFrame, depth: int) -> list[Finding]:
    found = []
    lowest = int(log["position"].to_numpy().min())
    if lowest < 0:
        found.append(
            Finding(
                level="error",
                name="negative positions",
                text=f"Positions are counted from 0 at the top; there is {lowest}.",
            )
        )
    twice = by_query.filter(pl.col("distinct") < pl.col("rows"))
    if twice.height:
        text = (
            f"{twice.height} queries show two rows at one position, for example "
            f"{twice['query'][0]!r}. Remove duplicates, or make the query id tell result pages "
            "apart."
        )
        share = twice.height / by_query.height
        found.append(Finding(level="error", name="duplicate positions", text=text, share=share))
    gaps = by_query.filter(pl.col("last") - pl.col("first") + 1 > pl.col("distinct"))
    if gaps.height:
        share = gaps.height / by_query.height
        text = (
            f"In {_part(share)} of the queries positions are missing between others, "
            "filtered or lost. XGBoost's own unbiased mode reads the place in the list instead of "
            "the position and is wrong there; objectives that read positions are not."
        )
        found.append(Finding(level="warning", name="missing positions", text=text, share=share))
    late = _mean(by_query["first"] > lowest)
    if late > _SOME:
        text = (
            f"{_part(late)} of the queries begin below the top position: their first rows "
            "were not logged, or were filtered."
        )
        found.append(Finding(level="warning", name="late start", text=text, share=late))
    below = log.filter(pl.col("position") >= depth)
    if below.height and _sum(log["click"]) > 0:
        share = _sum(below["click"]) / _sum(log["click"])
        text = (
            f"{_part(below.height / log.height)} of the rows and {_part(share)} of the clicks "
            f"are below the {depth} tracked positions, where the bias of the last one is taken."
        )
        level: Level = "warning" if share > 0.2 else "note"
        found.append(Finding(level=level, name="below the tracked depth", text=text, share=share))
    return found


def _of_queries(log: pl.DataFrame, by_query: pl.DataFrame) -> list[Finding]:
    found = []
    single = _mean(by_query["rows"] == 1)
    if single == 1:
        text = "Every query has one row, so there is nothing to order."
        found.append(Finding(level="error", name="single rows", text=text, share=1.0))
    elif single > _SOME:
        text = f"{_part(single)} of the queries have one row; they form no pairs."
        found.append(Finding(level="note", name="single rows", text=text, share=single))
    shuffled = _mean(~by_query["sorted"])
    if shuffled > 0:
        text = (
            f"In {_part(shuffled)} of the queries rows do not stand in order of position: "
            "the file has another order than was shown. Positions are read, so nothing is lost."
        )
        found.append(Finding(level="note", name="shuffled rows", text=text, share=shuffled))
    changes = int((log["query"] != log["query"].shift()).fill_null(True).sum())
    if changes > by_query.height:
        share = (changes - by_query.height) / by_query.height
        text = "Rows of one query stand apart. Sort the log by query."
        level: Level = "warning"
        found.append(Finding(level=level, name="queries apart", text=text, share=min(share, 1.0)))
    return found


def _overlap(log: pl.DataFrame) -> tuple[float | None, float | None]:
    by_item = log.group_by("item").agg(
        rows=pl.len(),
        distinct=pl.col("position").n_unique(),
        mean=pl.col("position").mean(),
    )
    again = by_item.filter(pl.col("rows") > 1)
    if not again.height:
        return None, None
    rows, means = again["rows"].to_numpy(), again["mean"].to_numpy()
    moved = float(rows[again["distinct"].to_numpy() > 1].sum() / rows.sum())
    seen = log.join(again.select("item"), on="item", how="semi")["position"].to_numpy()
    between = float(np.average((means - np.average(means, weights=rows)) ** 2, weights=rows))
    return moved, between / float(seen.var()) if seen.var() > 0 else None


def _of_items(overlap: float | None, explained: float | None) -> list[Finding]:
    if overlap is None or explained is None:
        text = (
            "No item was seen twice, or none is declared: positions cannot be compared on the same "
            "item, and examination can be told from relevance by features alone."
        )
        return [Finding(level="note", name="no repeated items", text=text)]
    if overlap == 0:
        text = (
            "Each item has always been shown at one position, so that no estimate can tell what "
            "the position does from what the item does. Log some shuffled or swapped traffic."
        )
        return [Finding(level="error", name="no overlap", text=text, share=0.0)]
    found = []
    if explained > _FIXED:
        text = (
            f"The item explains {explained:.0%} of where it was shown: position and relevance are "
            "confounded. Estimates rest on a few items; exploration would help."
        )
        found.append(Finding(level="warning", name="confounding", text=text, share=explained))
    text = f"{_part(overlap)} of the impressions of repeated items were seen elsewhere too."
    level: Level = "warning" if overlap < _MANY else "note"
    return [*found, Finding(level=level, name="overlap", text=text, share=overlap)]


def _of_rates(log: pl.DataFrame, depth: int) -> list[Finding]:
    rates = (
        log.filter(pl.col("position") < depth)
        .group_by("position")
        .agg(clicks=pl.col("click").sum(), rate=pl.col("click").mean())
        .sort("position")
    )
    found = []
    few = rates.filter(pl.col("clicks") < _FEW_CLICKS)
    if few.height:
        names = ", ".join(str(one) for one in few["position"].to_list()[:5])
        text = (
            f"{few.height} of the {rates.height} tracked positions have fewer than {_FEW_CLICKS} "
            f"clicks ({names}): what is estimated there is uncertain."
        )
        share = few.height / rates.height
        found.append(Finding(level="warning", name="few clicks", text=text, share=share))
    if rates.height < 2:
        text = "All rows were shown at one position, so there is no position bias to remove."
        return [*found, Finding(level="error", name="one position", text=text)]
    top, bottom = float(rates["rate"][0]), float(rates["rate"][-1])
    if bottom >= top > 0:
        text = (
            f"The click rate does not fall with the position: {top:.2%} at the top, {bottom:.2%} "
            "at the last. Either there is little position bias, or positions are counted from the "
            "other end."
        )
        found.append(Finding(level="warning", name="no fall", text=text))
    return found
