"""The best figures that any model can reach on a simulated log."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.simulator.world import Floats, Ints

_BINS: Final = 1 << 18
_CUTOFF: Final = 10
_NDCGS: Final = ("ndcg_production", "ndcg_random", "ndcg_click", "ndcg_click_relevance")


@dataclass(frozen=True, slots=True)
class Oracle:
    """Figures of the truth itself, held against the clicks it gave; NaN where undefined.

    Attributes:
        rows, queries: what was counted.
        ctr: clicks over rows.
        expected_ctr: mean click probability.
        auc: of click probability against click; the ceiling, for a model told the position.
        auc_relevance: of relevance against click; what the right order alone is worth, for
            clicks also follow the position.
        log_loss: of click probability, in nats; the floor.
        ndcg_production: nDCG@10 of the logged order, gain = relevance.
        ndcg_random: expected nDCG@10 of a random order, gain = relevance. Ranking by relevance
            gives 1 by definition.
        ndcg_click: nDCG@10 by click probability, gain = click, over lists with a click.
        ndcg_click_relevance: the same by relevance, so without the help of the position.
    """

    rows: int
    queries: int
    ctr: float
    expected_ctr: float
    auc: float
    auc_relevance: float
    log_loss: float
    ndcg_production: float
    ndcg_random: float
    ndcg_click: float
    ndcg_click_relevance: float


def ndcg(score: Floats, gain: Floats, k: int = _CUTOFF) -> Floats:
    """nDCG@k of each list: `sum_r gain_r / log2(1 + r)` over its best value, gain as it is.

    Args:
        score: float64 `(n, list)`, higher first; ties keep the order of the columns.
        gain: float64 `(n, list)`, not negative.
        k: ranks counted.

    Returns:
        float64 `(n,)`; NaN for a list without any gain.
    """
    order = np.argsort(-score, axis=1, kind="stable")
    return _over_best(_dcg(np.take_along_axis(gain, order, axis=1), k), gain, k)


def random_ndcg(gain: Floats, k: int = _CUTOFF) -> Floats:
    """Expected `ndcg` of each list under a random order, float64 `(n,)`."""
    return _over_best(gain.mean(axis=1) * _discount(gain, k).sum(), gain, k)


class OracleCounter:
    """Accumulates an `Oracle` over chunks, in memory that does not grow.

    The AUCs count the pairs within one of 2^18 equal bins of the probability as ties.
    """

    def __init__(self) -> None:
        self._rows = self._queries = self._clicks = 0
        self._expected = self._loss = 0.0
        # (no click or click, bin)
        self._probability = np.zeros((2, _BINS), dtype=np.int64)
        self._relevance = np.zeros((2, _BINS), dtype=np.int64)
        self._ndcg = np.zeros((len(_NDCGS), 2))  # (measure, sum and number of lists)

    def add(self, relevance: Floats, probability: Floats, click: NDArray[np.bool_]) -> None:
        """Count whole lists in position order.

        Args:
            relevance: float64 `(n, list)`.
            probability: float64 `(n, list)`, of a click.
            click: bool `(n, list)`.
        """
        self._rows += click.size
        self._queries += len(click)
        self._clicks += int(click.sum())
        self._expected += float(probability.sum())
        happened = np.where(click, probability, 1.0 - probability)
        self._loss -= float(np.log(np.maximum(happened, np.finfo(np.float64).tiny)).sum())
        _count(self._probability, probability, click)
        _count(self._relevance, relevance, click)
        logged = np.broadcast_to(-np.arange(click.shape[1], dtype=np.float64), click.shape)
        gain = click.astype(np.float64)
        lists = (
            ndcg(logged, relevance),
            random_ndcg(relevance),
            ndcg(probability, gain),
            ndcg(relevance, gain),
        )
        for total, values in zip(self._ndcg, lists, strict=True):
            total += (np.nansum(values), np.isfinite(values).sum())

    def result(self) -> Oracle:
        """The figures of all that was added."""
        rows = max(self._rows, 1)
        means = [s / n if n else float("nan") for s, n in self._ndcg.tolist()]
        return Oracle(
            rows=self._rows,
            queries=self._queries,
            ctr=self._clicks / rows,
            expected_ctr=self._expected / rows,
            auc=_auc(self._probability),
            auc_relevance=_auc(self._relevance),
            log_loss=self._loss / rows,
            **dict(zip(_NDCGS, means, strict=True)),
        )


def _discount(gain: Floats, k: int) -> Floats:
    return np.asarray(1.0 / np.log2(np.arange(2, min(k, gain.shape[1]) + 2)))


def _dcg(gain: Floats, k: int) -> Floats:
    return np.asarray((gain[:, :k] * _discount(gain, k)).sum(axis=1))


def _over_best(reached: Floats, gain: Floats, k: int) -> Floats:
    best = _dcg(-np.sort(-gain, axis=1), k)
    return np.asarray(np.divide(reached, best, out=np.full(len(best), np.nan), where=best > 0))


def _count(histogram: Ints, score: Floats, click: NDArray[np.bool_]) -> None:
    slot = np.minimum((score * _BINS).astype(np.int64), _BINS - 1) + click * _BINS
    histogram += np.bincount(slot.ravel(), minlength=2 * _BINS).reshape(2, _BINS)


def _auc(histogram: Ints) -> float:
    """Share of (click, no click) pairs in the right order, ties half."""
    negatives, positives = histogram.astype(np.float64)
    pairs = negatives.sum() * positives.sum()
    if pairs == 0:
        return float("nan")
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + negatives / 2.0)).sum() / pairs)
