"""Examination from what several rankers, or time, moved from one position to another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.errors import DataError
from ranking.propensity.estimate import Estimate
from ranking.propensity.interventions import Interventions
from ranking.propensity.propensity import Propensity
from ranking.propensity.shown_clicks import Array, Doubles, ShownClicks
from ranking.propensity.sums import sums

_BLOCK = 50_000  # items at once, so that memory stays bounded


def harvest(
    sizes: Array,
    position: Array,
    click: Array,
    *,
    ranks: Array,
    ranker: Array,
    method: str = "pairs",
    depth: int | None = None,
    cluster: Array | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Propensity:
    """Clicks at k and k' on what one ranker puts at k and another at k'.

    ranks: int (rows, rankers), where each ranker would show the row, from 0; negative where it
    would not. ranker: int (queries,), which of them was shown, drawn without regard to the
    query. A click at k counts 1 / w with w the queries given to the rankers that put the row at
    k. Agarwal et al., "Estimating Position Bias without Intrusive Interventions", WSDM 2019;
    rates are normalised by their own impressions, which spares the noise of who was drawn.

    Raises:
        DataError: a damaged log, rankers that agree, ranks that are not what was shown, or a
            position that nothing links with the top.
        ConfigError: an unknown method.
    """
    log = ShownClicks.of(sizes, position, click, depth, cluster)
    places = log.rows(ranks, "ranks")
    by = log.queries(ranker, "ranker").astype(np.int64)
    weight, row, cell = _moves(log, places, by, np.asarray(ranker, np.int64))

    def interventions(drawn: Doubles) -> Interventions:
        each = (drawn * weight)[row]

        def square(values: Doubles) -> Doubles:
            return sums(cell, values, log.depth**2).reshape(log.depth, log.depth)

        return Interventions(square(each), square(each * log.click[row]))

    interventions(np.ones(len(weight))).check(method)
    assumes = (
        "Which ranker answered a query was drawn without regard to the query; a click needs that "
        "the position was examined and, independently, that the row was relevant; rankers move "
        "rows but do not change what users examine."
    )
    estimate = Estimate(
        "harvest",
        assumes,
        {"method": method},
        log,
        lambda drawn: interventions(drawn).curve(method),
        (places, by),
    )
    return estimate.propensity(draws, seed)


def _moves(
    log: ShownClicks, places: Array, by: npt.NDArray[np.int64], ranker: npt.NDArray[np.int64]
) -> tuple[Doubles, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The weight 1 / w of each row; then, for each other position that some ranker gives it, the
    row and the cell k depth + k'."""
    if places.ndim != 2 or places.shape[1] < 2 or by.min() < 0 or by.max() >= places.shape[1]:
        raise DataError(
            "Harvesting needs the ranks that two or more rankers give to each row, and which of "
            f"them was shown; got `ranks` of shape {places.shape} and `ranker` from {by.min()} "
            f"to {by.max()}. Hand in a column for each ranker, numbered from 0."
        )
    rows = np.arange(len(by))
    wrong = places[rows, by] != log.position
    if wrong.any():
        at = int(wrong.argmax())
        raise DataError(
            "A row must be shown where its ranker puts it; `ranks` has one of ranker "
            f"{by[at]} at {places[at, by[at]]}, shown at {log.position[at]}. Log the ranks "
            "as shown."
        )
    here = places == log.position[:, None]
    weight = 1 / (here @ np.bincount(ranker, minlength=places.shape[1]))
    inside = (places >= 0) & (places < log.depth) & ~here
    row, column = np.nonzero(inside)
    pair = np.unique(np.stack([row, places[row, column].astype(np.int64)], axis=1), axis=0)
    if not len(pair):
        raise DataError(
            "Harvesting needs rankers that differ; these put every row at the same position. "
            "Log another ranker, or estimate by regression-EM."
        )
    return weight, pair[:, 0], log.position[pair[:, 0]] * np.int64(log.depth) + pair[:, 1]


def harvest_items(
    sizes: Array,
    position: Array,
    click: Array,
    *,
    item: Array,
    method: str = "pairs",
    depth: int | None = None,
    cluster: Array | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Propensity:
    """Clicks at k and k' on the items that were shown at both, by different rankers or over time.

    item: integers or text (rows,), what keeps its relevance wherever it is shown: a query and
    its document where queries return, else the document alone. The sets are those of `harvest`;
    an item counts its click rate times sqrt(n_k n_k'), with n_k its impressions at k, which
    weighs k and k' alike and trusts items by how often they were seen.

    Raises:
        DataError: a damaged log, items that were never moved, or a position that nothing links
            with the top.
        ConfigError: an unknown method.
    """
    log = ShownClicks.of(sizes, position, click, depth, cluster)
    assumes = (
        "An item is as relevant wherever, whenever and to whomever it is shown; a click needs "
        "that the position was examined and, independently, that the item was relevant. Where "
        "items rise when they suit the user, examination looks steeper than it is."
    )
    found = of_items("harvest_items", assumes, log, log.rows(item, "item"), method)
    return found.propensity(draws, seed)


def of_items(name: str, assumes: str, log: ShownClicks, item: Array, method: str) -> Estimate:
    """The estimate of what items (rows that are kept,) at several positions tell.

    Raises as `harvest_items` does.
    """
    cells = _Cells.of(log, _codes(item))

    def interventions(drawn: Doubles) -> Interventions:
        return cells.interventions(drawn, drawn * log.click)

    if not len(cells.item):
        raise DataError(
            "Harvesting needs items that were shown at two positions or more; none was. Log more, "
            "or let `item` name what returns."
        )
    interventions(np.ones(len(log.position))).check(method)
    return Estimate(
        name,
        assumes,
        {"method": method},
        log,
        lambda drawn: interventions(drawn).curve(method),
        (cells.of_row,),
    )


def _codes(item: Array) -> npt.NDArray[np.int64]:
    """Items numbered as they appear, whatever they are called."""
    if item.dtype.kind not in "iuUST":
        raise DataError(
            f"Items must be integers or text; got {item.dtype}. Cast them, missing ones removed."
        )
    _, first, inverse = np.unique(item, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


@dataclass(frozen=True)
class _Cells:
    """Items at positions, of the items that were shown at two or more.

    of_row: int64 (rows,), the cell of a row, or the number of cells. item, position: (cells,),
    items being numbered densely and in order.
    """

    of_row: npt.NDArray[np.int64]
    item: npt.NDArray[np.int64]
    position: npt.NDArray[np.int64]
    depth: int

    @classmethod
    def of(cls, log: ShownClicks, item: npt.NDArray[np.int64]) -> _Cells:
        cell, inverse = np.unique(item * log.depth + log.position, return_inverse=True)
        owner = cell // log.depth
        moved = np.bincount(owner)[owner] > 1
        number = np.where(moved, np.cumsum(moved) - 1, moved.sum())
        kept = np.unique(owner[moved], return_inverse=True)[1]
        return cls(number[inverse], kept, cell[moved] % log.depth, log.depth)

    def interventions(self, shown: Doubles, clicked: Doubles) -> Interventions:
        """Of weighted impressions and clicks, each (rows,)."""
        cells = len(self.item)
        n = sums(self.of_row, shown, cells + 1)[:cells]
        c = sums(self.of_row, clicked, cells + 1)[:cells]
        root = np.sqrt(n)
        of_clicks = np.divide(c, root, out=np.zeros(cells), where=n > 0)
        square = np.zeros((2, self.depth, self.depth))
        for start in range(0, int(self.item[-1]) + 1, _BLOCK):
            part = slice(*np.searchsorted(self.item, [start, start + _BLOCK]))
            block = (self.item[part] - start, self.position[part])
            wide = np.zeros((2, min(_BLOCK, int(self.item[-1]) + 1 - start), self.depth))
            wide[0][block], wide[1][block] = root[part], of_clicks[part]
            square += np.stack([wide[0].T @ wide[0], wide[1].T @ wide[0]])
        square[:, np.arange(self.depth), np.arange(self.depth)] = 0  # nobody moved
        return Interventions(square[0], square[1])
