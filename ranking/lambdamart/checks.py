"""Rows that XGBoost would take, and learn something else from than they say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from features.errors import DataError
from ranking.lambdamart.config import RankerConfig
from ranking.query_data import QueryData

Floats = npt.NDArray[np.float32]

_HIGHEST = 31  # a gain of 2^label - 1 must fit XGBoost's integers
_CATEGORIES = 1 << 24  # beyond it float32 skips numbers
TRACKED_BY_MEAN = 32  # positions, however many pairs are drawn


def tracked(config: RankerConfig) -> int | None:
    """How many positions from the top have their bias learned; None: all there are."""
    return TRACKED_BY_MEAN if config.pair_method == "mean" else config.num_pair_per_sample


def check_labels(config: RankerConfig, label: Floats) -> None:
    """Of training rows (rows,). Raises DataError: not of what the objective reads."""
    most = _HIGHEST if config.objective == "rank:ndcg" and config.ndcg_exp_gain else np.inf
    fits = (label >= 0) & (label <= most) & np.isfinite(label)
    if most == _HIGHEST:
        fits &= label == np.rint(label)
    if not fits.all():
        wanted = f"whole numbers from 0 to {most}" if most == _HIGHEST else "at least 0"
        raise DataError(
            f"Ranking labels must be {wanted}; the training rows hold {label[~fits][0]:g}. Map "
            "them to grades first."
        )
    if config.unbiased and label.max() > 1:
        raise DataError(
            f"Unbiased ranking learns from clicks, 0 or 1; the labels reach {label.max():g}. "
            "Set ranker.unbiased = false for graded relevance."
        )
    if config.objective == "rank:map" and label.max() > 1:
        raise DataError(
            f"ranker.objective = 'rank:map' reads labels 0 and 1; the labels reach "
            f"{label.max():g}. Choose rank:ndcg for graded relevance."
        )


def check_pairs(label: Floats, sizes: npt.NDArray[np.int64]) -> None:
    """Of all training rows (rows,), by query (queries,). Raises DataError: none differ."""
    starts = np.cumsum(sizes) - sizes
    if (np.minimum.reduceat(label, starts) == np.maximum.reduceat(label, starts)).all():
        raise DataError(
            "Ranking needs queries of rows with different labels; none of the "
            f"{len(sizes)} training queries ({len(label)} rows) has any. Use more data, or another "
            "label."
        )


def check_numbers(categorical: Sequence[str], names: Sequence[str], matrix: Floats) -> None:
    """Raises DataError: an infinity, or a category that is no whole number from 0."""
    infinite = np.isinf(matrix).any(axis=0)
    if infinite.any():
        raise DataError(
            f"Feature '{names[int(infinite.argmax())]}' must be finite for the ranker; it "
            "holds an infinity. Mend the number, or make it missing."
        )
    for name in categorical:
        column = matrix[:, list(names).index(name)]
        known = column[~np.isnan(column)]
        bad = (known < 0) | (known >= _CATEGORIES) | (known != np.rint(known))
        if bad.any():
            raise DataError(
                f"Feature '{name}' is of ranker.categorical, so its values must be whole numbers "
                f"from 0 below 2^24; it holds {known[bad][0]:g}. Declare it as an id, or leave it "
                "out of ranker.categorical."
            )


def check_positions(config: RankerConfig, data: QueryData) -> None:
    """XGBoost's unbiased mode takes the place of a row in its query for its position.

    Raises DataError: no positions, positions that are left out, or rows of untracked positions,
    whose pairs it would not debias at all.
    """
    if data.position is None:
        raise DataError(
            "Unbiased ranking needs the position at which each row was shown; there is none. "
            "Declare data.position, or set ranker.unbiased = false."
        )
    starts = np.cumsum(data.sizes) - data.sizes
    place = np.arange(data.rows) - np.repeat(starts, data.sizes)
    apart = data.position != place
    if apart.any():
        row = int(apart.argmax())
        queries = len(np.unique(data.groups.qid[apart]))
        raise DataError(
            "XGBoost's unbiased mode reads a row's position from its place among the rows of its "
            "query, so positions must be without gaps from the top; of the "
            f"{len(data.sizes)} queries {queries} have gaps, the first at row "
            f"{data.groups.order[row]}, which is number {place[row]} of its query and was shown at "
            f"{data.position[row]} (counted from 0). Leave these queries out, or set "
            "ranker.unbiased = false."
        )
    depth = tracked(config)
    if depth is not None and depth < data.sizes.max() and config.untracked == "refuse":
        mean = config.pair_method == "mean"
        remedy = "Set ranker.pair_method to topk" if mean else "Give no num_pair_per_sample"
        raise DataError(
            f"XGBoost learns the bias of {depth} positions, and does not debias pairs with rows "
            f"below them; the longest query has {data.sizes.max()} rows. {remedy}, or set "
            'ranker.untracked to "drop" these rows or to "keep" them as they are.'
        )
