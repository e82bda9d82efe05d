"""Examination from lists whose top was swapped with another position at random."""

from __future__ import annotations

import numpy as np

from features.errors import DataError
from ranking.propensity.estimate import Estimate, ratio
from ranking.propensity.propensity import Propensity
from ranking.propensity.shown_clicks import Array, Doubles, ShownClicks
from ranking.propensity.sums import sums


def swaps(
    sizes: Array,
    position: Array,
    click: Array,
    *,
    partner: Array,
    swapped: Array,
    depth: int | None = None,
    cluster: Array | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Propensity:
    """Clicks at k over clicks at the top, among the lists in which the two could change places.

    partner: int (queries,), the position k drawn to change places with the top, 0 where the
    query took no part. swapped: bool (queries,), whether the two did change places, by a coin.
    The click rates of the two arms are added, so that both rows stand in both places alike and
    the coin need not be fair. Joachims et al., "Unbiased Learning-to-Rank with Biased
    Feedback", WSDM 2017.

    Raises DataError: a damaged log, or a position without both arms.
    """
    log = ShownClicks.of(sizes, position, click, depth, cluster)
    pair = log.queries(partner, "partner").astype(np.int64)
    arm = log.queries(swapped, "swapped").astype(np.int64)
    part = (pair > 0) & (pair < log.depth) & ((log.position == 0) | (log.position == pair))
    cell = (pair[part] * 2 + arm[part]) * 2 + (log.position[part] > 0)
    clicked = log.click[part]

    def summed(values: Doubles) -> Doubles:
        """(depth, arm, top or k)"""
        return sums(cell, values, log.depth * 4).reshape(-1, 2, 2)

    def curve(weight: Doubles) -> Doubles:
        rate = ratio(summed(weight[part] * clicked), summed(weight[part]))
        found = ratio(rate[..., 1].sum(axis=1), rate[..., 0].sum(axis=1))
        found[0] = 1
        return found

    _check_arms(summed(np.ones(len(cell))), summed(clicked))
    assumes = (
        "In each list that took part a coin decided whether the top and its partner changed "
        "places, whatever they were; a click needs that the position was examined and, "
        "independently, that the row was relevant."
    )
    evidence = (pair, arm)
    return Estimate("swaps", assumes, {}, log, curve, evidence).propensity(draws, seed)


def _check_arms(shown: Doubles, clicked: Doubles) -> None:
    empty = np.flatnonzero(~(shown[1:] > 0).all(axis=(1, 2)))
    silent = np.flatnonzero(~(clicked[1:].sum(axis=1) > 0).all(axis=1))
    for lost, what in ((empty, "be shown both swapped and not"), (silent, "have clicks")):
        if len(lost):
            k = int(lost[0]) + 1
            raise DataError(
                f"The pair of the top and position {k} (from 0) must {what}, in the queries "
                f"whose `partner` is {k}; it does not. Log more swaps"
                + (f", or use depth = {k}." if k > 1 else ".")
            )
