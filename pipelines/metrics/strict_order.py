"""strictly: ranked rows without ties, as tools that rank them one way or another do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from features.errors import DataError
from pipelines.metrics.ranked_groups import Ints, RankedGroups

Ties = Literal["kept", "item", "row"]


def strictly(ranked: RankedGroups, items: NDArray[Any] | None, single: bool) -> RankedGroups:
    """The same groups, every row a tie of its own: by score from high to low, then by item id from
    high to low, or without `items` (rows,) by row.

    Ids are compared as text in the order of its UTF-8 bytes, as C's strcmp does: "9" > "10".
    `single` compares scores as float32, so that scores nearer than its steps tie.
    Rows that were not shown may stay tied. Raises DataError where a tied row has no item id.
    """
    rows = ranked.order.size
    first = np.zeros(rows, dtype=np.bool_)
    first[ranked.ties] = True
    if single and ranked.ties.size > 1:
        with np.errstate(over="ignore"):
            scores = ranked.scores.astype(np.float32)
        first[1:] = scores[1:] != scores[:-1]
        first[ranked.starts] = True
    first |= ranked.scores == -np.inf  # rows not shown have no order
    if first.all():
        return ranked
    tied = np.flatnonzero(~first | ~np.append(first[1:], True))
    run = np.cumsum(first, dtype=np.intp)[tied]
    within = _by_row if items is None else _by_item(items)
    place = np.arange(rows)
    place[tied] = tied[within(run, ranked.order[tied])]
    return replace(
        ranked,
        order=ranked.order[place],
        labels=ranked.labels[place],
        scores=ranked.scores[place],
        weights=None if ranked.weights is None else ranked.weights[place],
        ties=np.arange(rows),
    )


def _by_row(run: Ints, row: Ints) -> Ints:
    return np.lexsort((row, run))


def _by_item(items: NDArray[Any]) -> Callable[[Ints, Ints], Ints]:
    def order(run: Ints, row: Ints) -> Ints:
        ids = pl.Series(items[row]).cast(pl.String)
        if ids.null_count():
            raise DataError(
                f"groups['item'] must hold an id in every row; {ids.null_count()} of {ids.len()} "
                "tied rows have none; drop these rows or name their item"
            )
        tied = pl.DataFrame({"run": run, "id": ids})
        found = tied.select(pl.arg_sort_by("run", "id", descending=[False, True]))
        return found.to_series().to_numpy().astype(np.intp)

    return order
