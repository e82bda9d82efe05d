"""Pairwise logistic loss, by hand."""

from math import exp, log1p
from typing import Any

import numpy as np
import pytest

from models.losses.bpr import BPR


def test_worked_numbers(rows_from: Any, evaluate: Any) -> None:
    """Query 1: grades 2 > 1 > 0 of scores 1, 3, 0; query 2: one pair of scores 0, 2, counted 3."""
    rows = rows_from(
        logits=np.array([1.0, 3.0, 0.0, 0.0, 2.0]),
        label=np.array([2.0, 1.0, 0.0, 1.0, 0.0]),
        weight=np.array([1.0, 1.0, 1.0, 3.0, 5.0]),
        query=np.array([1, 1, 1, 2, 2]),
    )
    best = (log1p(exp(3 - 1)) + log1p(exp(0 - 1))) / 2
    middle = log1p(exp(0 - 3))
    other = log1p(exp(2 - 0))
    value, gradient = evaluate(BPR(), rows)
    assert value == pytest.approx((best + middle + 3 * other) / 5, rel=1e-6)
    wrong = 1 / (1 + exp(-2))  # what pushes a pair whose order is wrong by 2
    np.testing.assert_allclose(gradient[3:], [-3 / 5 * wrong, 3 / 5 * wrong], rtol=1e-5)


def test_each_query_has_its_mean_over_pairs(rows_of: Any, evaluate: Any) -> None:
    """A click among 3 rows and a click among 30, of scores alike, count alike."""
    rows = rows_of().take([0] * 33)
    rows = rows.but(
        logits=np.where(np.arange(33) < 3, 0.0, 5.0 * (np.arange(33) == 3)),
        label=np.isin(np.arange(33), [0, 3]).astype(np.float64),
        weight=np.ones(33),
        query=np.repeat([1, 2], [3, 30]),
    )
    expected = (log1p(exp(0)) + log1p(exp(-5))) / 2
    assert evaluate(BPR(), rows)[0] == pytest.approx(expected, rel=1e-6)


def test_only_pairs_of_one_query_are_made(rows_of: Any, evaluate: Any) -> None:
    """One query of 500 rows among 20,000 of one row, which all pairs of the batch would not fit."""
    rng = np.random.default_rng(0)
    rows = rows_of().take([0] * 20_500)
    rows = rows.but(
        logits=rng.normal(size=20_500),
        label=rng.integers(0, 2, 20_500).astype(np.float64),
        weight=np.ones(20_500),
        query=np.maximum(np.arange(20_500), 499),
    )
    value, gradient = evaluate(BPR(), rows)
    alone, slopes = evaluate(BPR(), rows.take(slice(0, 500)))
    assert value == pytest.approx(alone, rel=1e-6)
    np.testing.assert_allclose(gradient[:500], slopes, rtol=1e-4, atol=1e-9)
    assert not gradient[500:].any()
