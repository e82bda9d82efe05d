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

import numpy as np
from numba import njit

from ranking.objective.arrays import MAP, NDCG, Array, Choice, Found, Query, Round, Static
from ranking.objective.sort import sort_falling

TINY = 1e-16  # below it a hessian is raised, and a bias not divided by

_ONE, _LARGEST = np.float32(1), np.float32(88.7)  # exp beyond the latter overflows 32 bits


@njit(cache=True, nogil=True)
def _sigmoid(value: np.float32) -> np.float32:
    return _ONE / (np.float32(math.exp(min(-value, _LARGEST))) + _ONE)


@njit(cache=True, nogil=True)
def _logistic(value: float) -> float:
    """log(1 + exp(-value)), without overflow."""
    return max(-value, 0.0) + math.log1p(math.exp(-abs(value)))


@njit(cache=True, nogil=True)
def _map_change(relevant: Array, precision: Array, falls: bool, first: int, last: int) -> float:
    """How much average precision, times the relevant, changes when two ranks trade places."""
    ahead, behind = relevant[first] / (first + 1.0), relevant[last] / (last + 1.0)
    change: float = ahead - behind + precision[last - 1] - precision[first]
    return abs(change if falls else change + 1.0 / (first + 1.0))


@njit(cache=True, nogil=True)
def _draw(query: Query, count: int, pairs: int, seed: int, order: Array, spare: Array) -> int:
    """Pair each rank with `pairs` of another label as XGBoost draws them; how many there are."""
    for at in range(count):
        order[at] = at
    sort_falling(query.label, order, spare, count)
    state = max(seed % 2147483647, 1)  # the generator minstd_rand, whose seed is not 0
    first, drawn = 0, 0
    while first < count:
        last = first + 1
        while last < count and query.label[order[last]] == query.label[order[first]]:
            last += 1
        others = first + count - last
        if others > 0:
            scale = 2147483645 // others
            for _ in range(pairs):
                for at in range(first, last):
                    other = others
                    while other >= others:  # what would favour the first few is drawn again
                        state = state * 48271 % 2147483647
                        other = (state - 1) // scale
                    query.one[drawn] = order[at]
                    query.other[drawn] = order[other if other < first else other + last - first]
                    drawn += 1
        first = last
    return drawn


@njit(cache=True, nogil=True)
def _add_pairs(
    query: Query, count: int, drawn: int, discount: Array, ideal: float, choice: Choice
) -> float:
    """Add each pair to its two rows; gives the sum of the gradients' sizes.

    The arrays have names of their own since to read one from a tuple costs as much as a pair.
    """
    score, label, gain, higher, lower = (
        query.score,
        query.label,
        query.gain,
        query.higher,
        query.lower,
    )
    gradients, hessians = query.gradient, query.hessian
    high_cost, low_cost = query.high_cost, query.low_cost
    relevant, precision, ones, others = query.relevant, query.precision, query.one, query.other
    metric, mean, by_weighted, with_costs = (
        choice.metric,
        choice.mean,
        choice.by_weighted,
        choice.with_costs,
    )
    by_score = choice.by_score and score[0] != score[count - 1]
    sign = -1.0 if choice.cost_turned else 1.0
    total = 0.0
    for outer in range(drawn if mean else min(count, choice.pairs)):
        one = ones[outer] if mean else outer
        start, end = (others[outer], others[outer] + 1) if mean else (one + 1, count)
        for other in range(start, end):
            if label[one] == label[other]:
                continue
            high, low = (one, other) if label[one] > label[other] else (other, one)
            apart = score[high] - score[low]
            sigmoid = np.float64(_sigmoid(apart))
            change = 1.0
            if metric == NDCG:
                traded = (gain[high] - gain[low]) * (discount[high] - discount[low])
                change = abs(traded * ideal)
            elif metric == MAP:
                first, last = min(one, other), max(one, other)
                change = _map_change(relevant, precision, high == first, first, last) * ideal
            if by_score:
                change /= np.float64(abs(apart)) + 0.01
            plain = (sigmoid - 1.0) * change
            weight = higher[high] * lower[low]
            gradient = np.float32(plain * weight)
            curvature = max(sigmoid * (1.0 - sigmoid), TINY) * change * 2.0
            hessian = np.float32(curvature * weight)
            gradients[high] += gradient
            gradients[low] -= gradient
            hessians[high] += hessian
            hessians[low] += hessian
            total -= 2.0 * np.float64(gradient if by_weighted else np.float32(plain))
            if with_costs:
                cost = _logistic(sign * apart) * change
                high_cost[high] += cost * lower[low]
                low_cost[low] += cost * higher[high]
    return total


@njit(cache=True, nogil=True)
def _load(query: Query, count: int, static: Static, now: Round) -> float:
    """Fill `query` from the rows that `query.at` names by rank; the sum of their labels."""
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
    return relevant


@njit(cache=True, nogil=True)
def _norm(choice: Choice, total: float) -> float:
    if not choice.normalize:
        return 1.0
    if choice.mean:
        return 1.0 / choice.pairs
    return math.log2(1.0 + total) / total if total > 0.0 else 1.0


@njit(cache=True, nogil=True)
def _store(
    query: Query, count: int, norm: float, weight: np.float32, static: Static, found: Found
) -> None:
    scale, weighted = np.float32(norm), np.float32(static.weight_norm)
    for rank in range(count):
        row = query.at[rank]
        found.gradient[row] = query.gradient[rank] * scale * weight * weighted
        found.hessian[row] = query.hessian[rank] * scale * weight * weighted
        if len(found.high_cost):
            found.high_cost[row] = query.high_cost[rank]
            found.low_cost[row] = query.low_cost[rank]


@njit(cache=True, nogil=True)
def _room(longest: int, drawn_pairs: int) -> Query:
    single, double = np.zeros((4, longest), np.float32), np.zeros((7, longest), np.float64)
    drawn = np.zeros((2, drawn_pairs), np.int64)
    return Query(
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
        one=drawn[0],
        other=drawn[1],
    )


@njit(cache=True, nogil=True)
def lambdas(
    first: int, last: int, static: Static, choice: Choice, now: Round, found: Found
) -> None:
    """Write what the queries from `first` to before `last` come to into `found`."""
    longest = len(static.discount)
    query = _room(longest, longest * choice.pairs if choice.mean else 0)
    order, spare = np.empty(longest, np.int64), np.empty(longest, np.int64)
    keys = np.empty(longest, np.float32)
    queries, drawn = len(static.starts) - 1, 0
    for number in range(first, last):
        start, count = static.starts[number], static.starts[number + 1] - static.starts[number]
        for at in range(count):
            order[at], keys[at] = at, now.scores[static.shown[start + at]]
        sort_falling(keys, order, spare, count)
        for rank in range(count):
            query.at[rank] = static.shown[start + order[rank]]
        relevant = _load(query, count, static, now)
        ideal = static.inverse_ideal[number]
        if choice.metric == MAP:
            ideal = 1.0 / relevant if relevant > 0.0 else 0.0
        if choice.mean:
            seed = ((now.number + 1) * queries + number) & 0xFFFFFFFF
            drawn = _draw(query, count, choice.pairs, seed, order, spare)
        total = _add_pairs(query, count, drawn, static.discount, ideal, choice)
        _store(query, count, _norm(choice, total), static.weight[number], static, found)
