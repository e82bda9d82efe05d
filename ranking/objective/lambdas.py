"""The lambda gradients of a set of queries, at any scores."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, DataError
from ranking.objective.arrays import MAP, NDCG, PAIRWISE, Choice, Found, Round, Static
from ranking.objective.loss import Loss

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Positions = npt.NDArray[np.int32]
Reduce = Callable[[Doubles], Doubles]

_HIGHEST = 31  # a gain of 2^label - 1 must fit XGBoost's integers
_ROWS_A_THREAD = 10_000  # fewer are not worth waking one


def alone(sums: Doubles) -> Doubles:
    """The sum over workers where there is one."""
    return sums


class Lambdas:
    """Queries with their labels, ready to give the gradients of a loss; what is fixed is kept.

    label: float32 (rows,). sizes: int64 (queries,), rows of a query stand together. position: int32
    (rows,) from 0, where known; ties of scores are then broken by it, so that the order of rows
    within a query does not matter, and else by that order. weight: float32 (queries,). threads: 0
    for all cores; any number gives the same bits. reduce: sums an array over workers.

    Raises:
        DataError: arrays that do not fit together, or labels the loss cannot read.
        ConfigError: numba is not installed.
    """

    def __init__(
        self,
        label: npt.ArrayLike,
        sizes: npt.ArrayLike,
        *,
        position: npt.ArrayLike | None = None,
        weight: npt.ArrayLike | None = None,
        loss: Loss | None = None,
        threads: int = 0,
        reduce: Reduce = alone,
    ) -> None:
        self.loss, self.reduce, self._kernel = loss or Loss(), reduce, _kernel()
        self.label = np.ascontiguousarray(label, np.float32)
        self.sizes = np.ascontiguousarray(sizes, np.int64)
        self.weight = _weights(weight, len(self.sizes))
        self._position = None if position is None else _positions(position, len(self.label))
        self._starts = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)
        _check(self.loss, self.label, self.sizes)
        self._static = self._fixed()
        self._threads = threads or _cores()
        self._ones = np.ones(len(self.label))

    @property
    def position(self) -> Positions:
        """Raises ConfigError where there is none."""
        if self._position is None:
            raise ConfigError(
                "An objective that removes position bias needs the position of each row; there is "
                "none. Give Lambdas(position=...), or use Plain."
            )
        return self._position

    @property
    def row_weight(self) -> Doubles:
        """The weight of each row's query, float64 (rows,)."""
        return np.repeat(self.weight.astype(np.float64), self.sizes)

    def __call__(
        self,
        scores: npt.ArrayLike,
        number: int = 0,
        *,
        higher: Doubles | None = None,
        lower: Doubles | None = None,
        weigh_norm: bool = False,
        costs: bool = False,
        turned: bool = False,
    ) -> Found:
        """Gradients at scores (rows,) in round `number`, which seeds the pairs of `mean`.

        A pair counts `higher` (rows,) at its row with the higher label times `lower` (rows,) at the
        other; `weigh_norm` normalizes queries after that rather than before. `costs` asks for the
        pairs' losses, `turned` for those of the scores with their sign turned.
        """
        rows = len(self.label)
        flat = np.ascontiguousarray(scores, np.float32).reshape(-1)
        if len(flat) != rows:
            raise DataError(f"Scores must be one a row, {rows}; there are {len(flat)}.")
        now = Round(
            flat,
            self._ones if higher is None else higher,
            self._ones if lower is None else lower,
            number,
        )
        costly = rows if costs else 0
        found = Found(
            np.empty(rows, np.float32),
            np.empty(rows, np.float32),
            np.empty(costly),
            np.empty(costly),
        )
        choice = self._choice(weigh_norm, costs, turned)
        cuts = self._cuts()

        def part(index: int) -> None:
            self._kernel.lambdas(cuts[index], cuts[index + 1], self._static, choice, now, found)

        if len(cuts) == 2:
            part(0)
        else:
            with ThreadPoolExecutor(len(cuts) - 1) as pool:
                list(pool.map(part, range(len(cuts) - 1)))
        return found

    def _cuts(self) -> list[int]:
        """Where the queries are cut so that each thread has about as many rows."""
        parts = max(1, min(self._threads, len(self.label) // _ROWS_A_THREAD))
        shares = np.arange(1, parts) * len(self.label) // parts
        inner = np.searchsorted(self._starts, shares)
        return [0, *(int(cut) for cut in inner), len(self.sizes)]

    def _choice(self, weigh_norm: bool, costs: bool, turned: bool) -> Choice:
        loss = self.loss
        metric = {"ndcg": NDCG, "map": MAP, "pairwise": PAIRWISE}
        return Choice(
            metric=metric[loss.metric],
            mean=loss.method == "mean",
            pairs=loss.pair_count,
            normalize=loss.normalization,
            by_score=loss.score_normalization,
            by_weighted=weigh_norm,
            with_costs=costs,
            cost_turned=turned,
        )

    def _fixed(self) -> Static:
        rows, queries, loss = len(self.label), len(self.sizes), self.loss
        query = np.repeat(np.arange(queries), self.sizes)
        shown = np.arange(rows, dtype=np.int64)
        if self._position is not None:
            shown = np.lexsort((shown, self._position, query)).astype(np.int64)
        gain = self.label.astype(np.float64)
        if loss.exponential_gain and loss.metric == "ndcg":
            gain = np.exp2(gain) - 1
        discount = 1 / np.log2(np.arange(self.sizes.max()) + 2.0)
        depth = loss.pair_count if loss.method == "topk" else rows
        best = np.lexsort((-gain, query))
        rank = np.arange(rows) - np.repeat(self._starts[:-1], self.sizes)
        counted = np.where(rank < depth, gain[best] * discount[rank], 0.0)
        ideal = np.bincount(query, counted, queries)
        total = self.reduce(np.array([queries, self.weight.sum(dtype=np.float64)]))
        return Static(
            shown=shown,
            starts=self._starts,
            label=self.label,
            gain=gain,
            inverse_ideal=np.divide(1.0, ideal, out=np.zeros(queries), where=ideal > 0),
            discount=discount,
            weight=self.weight,
            weight_norm=float(total[0] / total[1]),
        )


def _kernel() -> Any:
    try:
        from ranking.objective import kernel
    except ModuleNotFoundError as error:
        if error.name != "numba":
            raise
        raise ConfigError(
            "The ranking objectives are compiled by numba, which is not installed. "
            'Install it with: pip install "crossrank[train]".'
        ) from error
    return kernel


def _cores() -> int:
    allowed = getattr(os, "sched_getaffinity", None)  # not everywhere
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _weights(weight: npt.ArrayLike | None, queries: int) -> Floats:
    found = np.ones(queries, np.float32) if weight is None else np.asarray(weight, np.float32)
    if found.shape != (queries,):
        raise DataError(
            f"Weights must be one a query, {queries}; there are {found.shape}. Give a query's "
            "weight once."
        )
    if not (np.isfinite(found) & (found >= 0)).all() or not found.any():
        raise DataError(
            f"Weights must be numbers from 0, not all 0; they reach from {found.min():g} to "
            f"{found.max():g}. Mend or leave them out."
        )
    return np.ascontiguousarray(found)


def _positions(position: npt.ArrayLike, rows: int) -> Positions:
    found = np.asarray(position)
    if found.shape != (rows,):
        raise DataError(f"Positions must be one a row, {rows}; there are {found.shape}.")
    if not np.issubdtype(found.dtype, np.integer) or (rows and found.min() < 0):
        raise DataError(
            f"Positions must be whole numbers that count from 0 at the top; they are {found.dtype}"
            f"{f' from {found.min()}' if rows else ''}. Subtract the first position."
        )
    return np.ascontiguousarray(found, np.int32)


def _check(loss: Loss, label: Floats, sizes: Integers) -> None:
    if not len(sizes) or sizes.min() < 1 or sizes.sum() != len(label):
        raise DataError(
            f"Sizes must be of queries of a row or more, {len(label)} in all; they are "
            f"{len(sizes)} that make {sizes.sum()}. Count the rows of each query."
        )
    if not np.isfinite(label).all():
        raise DataError("Labels must be finite; some are not. Remove or mend those rows.")
    if loss.metric == "map" and not np.isin(label, (0, 1)).all():
        raise DataError(
            f"The metric 'map' reads labels 0 and 1; the labels reach {label.max():g}. Choose "
            "'ndcg' or 'pairwise' for graded relevance."
        )
    if loss.metric == "ndcg" and label.min() < 0:
        raise DataError(f"Labels must not be negative for 'ndcg'; one is {label.min():g}.")
    whole = (label <= _HIGHEST) & (label == np.rint(label))
    if loss.metric == "ndcg" and loss.exponential_gain and not whole.all():
        raise DataError(
            f"An exponential gain reads whole labels from 0 to {_HIGHEST}; one is "
            f"{label[~whole][0]:g}. Map them to grades, or set exponential_gain = false."
        )
