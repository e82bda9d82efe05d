"""Intervals of any metric, and of differences between metrics, by leaving blocks of rows out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t

from features.errors import DataError
from pipelines.metrics.metric import AdditiveMetric, Metric
from pipelines.metrics.predictions import QUERY, Predictions

BLOCKS = 20

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]


def blocks_of(metric: Metric, data: Predictions, seed: int, count: int = BLOCKS) -> Ints:
    """The block of each row, intp (rows,), from 0: by chance, equal in number of units.

    A unit is a group of the metric's, such as a query, else a query, else a row. Raises DataError
    where there are fewer than two.
    """
    groups = metric.needs_groups or tuple(name for name in (QUERY,) if name in data.groups)
    if groups:
        codes, known = pd.factorize(data.groups[groups[0]])
        units = len(known)
    else:
        codes, units = np.arange(len(data.labels)), len(data.labels)
    if units < 2:
        raise DataError(
            f"An interval of {metric} needs at least 2 groups of rows that do not depend on each "
            f"other; by '{groups[0] if groups else 'row'}' there is {units}. Measure on more rows."
        )
    order = np.random.default_rng(seed).permutation(units)
    found: Ints = (order % min(count, units))[codes]
    return found


def left_out(metric: Metric, data: Predictions, blocks: Ints) -> Floats:
    """The metric without each block, float64 (blocks,). Raises DataError where undefined."""
    count = int(blocks.max()) + 1
    if isinstance(metric, AdditiveMetric):
        terms = metric.terms(data)
        of_units = blocks
        if terms.keys is not None:
            ranked = data.ranked(metric.needs_groups[0])
            of_units = blocks[ranked.order[ranked.starts]]
        sums = np.stack(
            [np.bincount(of_units, one, count) for one in terms.values.T], axis=1
        )  # (blocks, terms)
        found = metric.of_sums(terms.sums - sums)
        if not np.isnan(found).any():
            return np.asarray(found)
    weights = np.ones_like(data.labels) if data.weights is None else data.weights
    return np.array(
        [metric.compute(data.reweighted(weights * (blocks != one))) for one in range(count)]
    )


def interval(value: float, without: Floats, level: float = 0.95) -> tuple[float, float]:
    """Of a value, given what it is without each block, float64 (blocks,).

    The variance is (B - 1) / B sum_b (v_b - mean)^2, the interval Student's with B - 1 degrees of
    freedom: the delete-a-group jackknife (Kott, J. Official Statistics 17, 2001).
    """
    count = len(without)
    spread = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    half = float(t.ppf((1 + level) / 2, count - 1) * spread)
    return value - half, value + half
