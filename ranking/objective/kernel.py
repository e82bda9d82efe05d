"""The gradient of a ranking loss over the pairs of each query, compiled.

A pair is two rows of a query whose labels differ. With s the score of the higher labelled row less
that of the lower, and w how much the metric changes when the two trade places,

    gradient = (sigmoid(s) - 1) w      hessian = 2 sigmoid(s) (1 - sigmoid(s)) w

pulls the one up and pushes the other down (Burges, "From RankNet to LambdaRank to LambdaMART",
2010). In the order of its operations and in what is rounded to 32 bits it follows XGBoost 3.2.0, so
that trees come out the same.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from ranking.objective.sort import sort_falling

Array = npt.NDArray[Any]

NDCG, MAP, PAIRWISE = 0, 1, 2
TINY = 1e-16  # below it a hessian is raised, and a bias not divided by

_ONE, _LARGEST = np.float32(1), np.float32(88.7)  # exp beyond the latter overflows 32 bits


class Static(NamedTuple):
    """What stays from round to round; rows and queries as in `Lambdas`.

    shown: int64 (rows,), the rows of a query in the order in which ties of scores are broken.
    starts: int64 (queries + 1,). label: float32 (rows,). gain: float64 (rows,). inverse_ideal:
    float64 (queries,). discount: float64 (longest query,). weight: float32 (queries,).
    """

    shown: Array
    starts: Array
    label: Array
    gain: Array
    inverse_ideal: Array
    discount: Array
    weight: Array
    weight_norm: float


class Choice(NamedTuple):
    """The options of a loss, as the compiled code reads them."""

    metric: int
    mean: bool
    pairs: int
    normalize: bool
    by_score: bool
    by_weighted: bool
    with_costs: bool
    cost_turned: bool


class Round(NamedTuple):
    """What a round brings.

    scores: float32 (rows,). higher, lower: float64 (rows,), by which a pair is multiplied for the
    row that has the higher label, and for the one that has the lower.
    """

    scores: Array
    higher: Array
    lower: Array
    number: int


class Found(NamedTuple):
    """What the pairs come to, by row.

    gradient, hessian: float32 (rows,). high_cost, low_cost: float64 (rows,) where costs are asked
    for: the losses of the pairs in which a row is the higher, or the lower, each multiplied by what
    the other row brings (Hu et al., eq. 30 and 31).
    """

    gradient: Array
    hessian: Array
    high_cost: Array
    low_cost: Array


class _Query(NamedTuple):
    """One query in the order of its scores, in room for the longest."""

    at: Array
    score: Array
    label: Array
    gain: Array
    higher: Array
    lower: Array
    gradient: Array
    hessian: Array
    high_cost: Array
    low_cost: Array
    relevant: Array
    precision: Array
    total: Array


@njit(cache=True, nogil=True)
def _sigmoid(value: np.float32) -> np.float32:
    return _ONE / (np.float32(math.exp(min(-value, _LARGEST))) + _ONE)


@njit(cache=True, nogil=True)
def _changed(metric: int, query: _Query, high: int, low: int, static: Static, ideal: float) -> float:
    """How much the metric of the ranking changes when two ranks trade places."""
    if metric == NDCG:
        discounts = static.discount[high] - static.discount[low]
        return abs((query.gain[high] - query.gain[low]) * discounts * ideal)
    if metric == MAP:
        first, last = min(high, low), max(high, low)
        ahead = query.relevant[first] / (first + 1.0)
        behind = query.relevant[last] / (last + 1.0)
        between = query.precision[last - 1] - query.precision[first]
        if query.label[first] < query.label[last]:
            return abs((behind - ahead - 1.0 / (first + 1.0) - between) * ideal)
        return abs((ahead - behind + between) * ideal)
    return 1.0


@njit(cache=True, nogil=True)
def _pair(
    query: _Query, count: int, one: int, other: int, static: Static, ideal: float, choice: Choice
) -> None:
    """Add the pair at two ranks to its rows."""
    if query.label[one] == query.label[other]:
        return
    high, low = (one, other) if query.label[one] > query.label[other] else (other, one)
    apart = query.score[high] - query.score[low]
    sigmoid = np.float64(_sigmoid(apart))
    change = _changed(choice.metric, query, high, low, static, ideal)
    if choice.by_score and query.score[0] != query.score[count - 1]:
        change /= np.float64(abs(apart)) + 0.01
    scale = change * query.higher[high] * query.lower[low]
    gradient = np.float32((sigmoid - 1.0) * scale)
    hessian = np.float32(max(sigmoid * (1.0 - sigmoid), TINY) * 2.0 * scale)
    query.gradient[high] += gradient
    query.gradient[low] -= gradient
    query.hessian[high] += hessian
    query.hessian[low] += hessian
    counted = gradient if choice.by_weighted else np.float32((sigmoid - 1.0) * change)
    query.total[0] -= 2.0 * np.float64(counted)
    if choice.with_costs:
        turned = -np.float64(apart) if choice.cost_turned else np.float64(apart)
        cost = (max(-turned, 0.0) + math.log1p(math.exp(-abs(turned)))) * change
        query.high_cost[high] += cost * query.lower[low]
        query.low_cost[low] += cost * query.higher[high]


@njit(cache=True, nogil=True)
def _sampled(
    query: _Query, count: int, static: Static, ideal: float, choice: Choice, seed: int
) -> None:
    """Pairs of each row with `pairs` rows of another label, drawn as XGBoost draws them."""
    order, spare = np.arange(count), np.empty(count, np.int64)
    sort_falling(query.label, order, spare, count)
    state = seed % 2147483647
    if state == 0:
        state = 1
    first = 0
    while first < count:
        last = first + 1
        while last < count and query.label[order[last]] == query.label[order[first]]:
            last += 1
        others = first + count - last
        if others > 0:
            scaling = 2147483645 // others
            for _ in range(choice.pairs):
                for at in range(first, last):
                    drawn = others
                    while drawn >= others:
                        state = state * 48271 % 2147483647
                        drawn = (state - 1) // scaling
                    if drawn >= first:
                        drawn += last - first
                    _pair(query, count, order[at], order[drawn], static, ideal, choice)
        first = last


@njit(cache=True, nogil=True)
def _load(query: _Query, start: int, count: int, static: Static, now: Round, metric: int) -> float:
    """Fill `query` from its rows, which `query.at` names by rank; gives 1 / (most of the metric)."""
    relevant, precision = 0.0, 0.0
    for rank in range(count):
        row = query.at[rank]
        query.score[rank] = now.scores[row]
        query.label[rank] = static.label[row]
        query.gain[rank] = static.gain[row]
        query.higher[rank] = now.higher[row]
        query.lower[rank] = now.lower[row]
        query.gradient[rank] = query.hessian[rank] = 0.0
        query.high_cost[rank] = query.low_cost[rank] = 0.0
        relevant += static.label[row]
        precision += static.label[row] / (rank + 1.0)
        query.relevant[rank], query.precision[rank] = relevant, precision
    query.total[0] = 0.0
    if metric == MAP:
        return 1.0 / relevant if relevant > 0.0 else 0.0
    return 1.0


@njit(cache=True, nogil=True)
def _norm(choice: Choice, total: float) -> float:
    if not choice.normalize:
        return 1.0
    if choice.mean:
        return 1.0 / choice.pairs
    return math.log2(1.0 + total) / total if total > 0.0 else 1.0


@njit(cache=True, nogil=True)
def _store(query: _Query, count: int, norm: float, weight: np.float32, static: Static, found: Found) -> None:
    scale, weighted = np.float32(norm), np.float32(static.weight_norm)
    for rank in range(count):
        row = query.at[rank]
        found.gradient[row] = query.gradient[rank] * scale * weight * weighted
        found.hessian[row] = query.hessian[rank] * scale * weight * weighted
        if len(found.high_cost):
            found.high_cost[row] = query.high_cost[rank]
            found.low_cost[row] = query.low_cost[rank]


@njit(cache=True, nogil=True)
def _room(longest: int) -> _Query:
    single, double = np.zeros((4, longest), np.float32), np.zeros((7, longest), np.float64)
    return _Query(
        at=np.zeros(longest, np.int64),
        score=single[0],
        label=single[1],
        gain=double[0],
        higher=double[1],
        lower=double[2],
        gradient=single[2],
        hessian=single[3],
        high_cost=double[3],
        low_cost=double[4],
        relevant=double[5],
        precision=double[6],
        total=np.zeros(1, np.float64),
    )


@njit(cache=True, nogil=True)
def lambdas(
    first: int, last: int, static: Static, choice: Choice, now: Round, found: Found
) -> None:
    """Write what the queries from `first` to before `last` come to into `found`."""
    longest = len(static.discount)
    query, order = _room(longest), np.empty(longest, np.int64)
    spare, keys = np.empty(longest, np.int64), np.empty(longest, np.float32)
    queries = len(static.starts) - 1
    for number in range(first, last):
        start, count = static.starts[number], static.starts[number + 1] - static.starts[number]
        for at in range(count):
            order[at] = at
            keys[at] = now.scores[static.shown[start + at]]
        sort_falling(keys, order, spare, count)
        for rank in range(count):
            query.at[rank] = static.shown[start + order[rank]]
        ideal = _load(query, start, count, static, now, choice.metric)
        if choice.metric == NDCG:
            ideal = static.inverse_ideal[number]
        if choice.mean:
            seed = ((now.number + 1) * queries + number) & 0xFFFFFFFF
            _sampled(query, count, static, ideal, choice, seed)
        else:
            for one in range(min(count, choice.pairs)):
                for other in range(one + 1, count):
                    _pair(query, count, one, other, static, ideal, choice)
        norm = _norm(choice, query.total[0])
        _store(query, count, norm, static.weight[number], static, found)
