"""Approximate NDCG, whose limit is the exact one."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from models.losses.approx_ndcg import ApproxNDCG


def test_its_limit_is_one_less_ndcg(rows_of: Any, evaluate: Any) -> None:
    rows = rows_of(3, queries=50, grades=5)
    apart = np.random.default_rng(0).permutation(len(rows.label)) / 50  # no two scores tie
    rows = rows.but(weight=1.0 + rows.query % 3, logits=apart)
    exact = [
        (ndcg_score([2**one.label - 1], [one.logits]), one.weight[0])
        for one in rows.of_queries()
        if len(set(one.label)) > 1
    ]
    values, weights = np.transpose(exact)
    limit, _ = evaluate(ApproxNDCG(temperature=1e-4), rows)
    assert limit == pytest.approx(1 - np.average(values, weights=weights), abs=1e-6)
    near, _ = evaluate(ApproxNDCG(temperature=0.01), rows)
    far, _ = evaluate(ApproxNDCG(temperature=1.0), rows)
    assert abs(near - limit) < 0.01 < abs(far - limit)


def test_worked_numbers(rows_from: Any, evaluate: Any) -> None:
    """Two rows of scores alike have rank 1 + 1/2; the click alone has gain 1, at best 1 / log2(2).

    In the other query, whose weight is that of its click, the ranks are 1 and 2 but for e^-100.
    """
    rows = rows_from(
        logits=np.array([0.7, 0.7, 10.0, 0.0]),
        label=np.array([1.0, 0.0, 0.0, 1.0]),
        weight=np.array([1.0, 1.0, 9.0, 2.0]),
        query=np.array([5, 5, 6, 6]),
    )
    tied, last = 1 - 1 / np.log2(2.5), 1 - 1 / np.log2(3)
    value, _ = evaluate(ApproxNDCG(temperature=0.1), rows)
    assert value == pytest.approx((tied + 2 * last) / 3, rel=1e-5)
