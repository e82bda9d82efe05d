"""The arrays that the compiled code reads and writes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

Array = npt.NDArray[Any]

NDCG, MAP, PAIRWISE = 0, 1, 2


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


class Query(NamedTuple):
    """One query in the order of its scores, in room for the longest, and the pairs drawn in it."""

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
    one: Array
    other: Array
