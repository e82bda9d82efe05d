"""Lambda gradients: worked by hand, against a slow reference, and what must not matter."""

import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from features.errors import ConfigError, DataError
from ranking.objective.lambdas import Lambdas
from ranking.objective.loss import Loss

Array = npt.NDArray[Any]
BARE: dict[str, Any] = {"normalization": False, "score_normalization": False}


def test_two_rows_by_hand() -> None:
    """A pair whose better row is second: gains 1 and 0, discounts 1 and 1 / log2(3)."""
    found = Lambdas([0, 1], [2], loss=Loss(**BARE))([1.0, 0.0])
    change = 1 - 1 / math.log2(3)
    sigmoid = 1 / (1 + math.e)  # of 0 - 1
    np.testing.assert_allclose(
        found.gradient, [(1 - sigmoid) * change, (sigmoid - 1) * change], rtol=1e-6
    )
    np.testing.assert_allclose(found.hessian, 2 * sigmoid * (1 - sigmoid) * change, rtol=1e-6)


def test_normalization_by_hand() -> None:
    """Scores apart by 1 shrink the change by 1.01; then the sum of sizes S becomes log2(1 + S)."""
    found = Lambdas([0, 1], [2], loss=Loss())([1.0, 0.0])
    change, sigmoid = (1 - 1 / math.log2(3)) / 1.01, 1 / (1 + math.e)
    size = (1 - sigmoid) * change
    expected = size * math.log2(1 + 2 * size) / (2 * size)
    np.testing.assert_allclose(found.gradient, [expected, -expected], rtol=1e-6)


def test_average_precision_by_hand() -> None:
    """Ranks 1, 2, 3 hold 0, 1, 1: AP (1/2 + 2/3) / 2. Up from 2 it is (1 + 2/3) / 2, from 3 1."""
    found = Lambdas([0, 1, 1], [3], loss=Loss(metric="map", **BARE))([0.0, 0.0, 0.0])
    second, third = 1 / 2 / 2, (1 / 2 + 1 / 3) / 2
    np.testing.assert_allclose(
        found.gradient, [(second + third) / 2, -second / 2, -third / 2], rtol=1e-6
    )


def _reference(label: Array, scores: Array, pairs: int) -> tuple[Array, Array]:
    """The formulas of the kernel for one query by NDCG, without its care for speed or bits."""
    order = np.argsort(-scores, kind="stable")
    gain, discount = 2.0**label - 1, 1 / np.log2(np.arange(len(label)) + 2)
    ideal = (np.sort(gain)[::-1] * discount)[:pairs].sum()
    gradient, hessian, total = np.zeros(len(label)), np.zeros(len(label)), 0.0
    for one in range(min(pairs, len(label))):
        for other in range(one + 1, len(label)):
            high, low = sorted((order[one], order[other]), key=lambda row: -label[row])
            if label[high] == label[low]:
                continue
            apart = scores[high] - scores[low]
            change = abs((gain[high] - gain[low]) * (discount[one] - discount[other])) / ideal
            change /= abs(apart) + 0.01
            sigmoid = 1 / (1 + np.exp(-apart))
            gradient[high] -= (1 - sigmoid) * change
            gradient[low] += (1 - sigmoid) * change
            hessian[[high, low]] += 2 * sigmoid * (1 - sigmoid) * change
            total += 2 * (1 - sigmoid) * change
    norm = np.log2(1 + total) / total if total else 1.0
    return gradient * norm, hessian * norm


@pytest.mark.parametrize("pairs", [1, 5, 32])
def test_it_is_the_slow_reference(sized: Any, pairs: int) -> None:
    found = Lambdas(sized.grade, sized.sizes, loss=Loss(pairs=pairs))(sized.scores)
    first = 0
    for size in sized.sizes:
        rows = slice(first, first + size)
        expected = _reference(sized.grade[rows], sized.scores[rows].astype(float), pairs)
        np.testing.assert_allclose(found.gradient[rows], expected[0], atol=1e-5)
        np.testing.assert_allclose(found.hessian[rows], expected[1], atol=1e-5)
        first += size


def test_the_gradients_of_a_query_cancel(sized: Any) -> None:
    found = Lambdas(sized.grade, sized.sizes, weight=sized.weight)(sized.scores)
    query = np.repeat(np.arange(len(sized.sizes)), sized.sizes)
    np.testing.assert_allclose(np.bincount(query, found.gradient), 0, atol=1e-5)
    assert (found.hessian >= 0).all()
    assert np.abs(found.gradient).max() > 0.1


def test_weights_matter_by_their_ratios(sized: Any) -> None:
    plain = Lambdas(sized.grade, sized.sizes)(sized.scores).gradient
    weighted = Lambdas(sized.grade, sized.sizes, weight=sized.weight * 7)(sized.scores).gradient
    ratio = np.repeat(sized.weight / sized.weight.mean(), sized.sizes)
    np.testing.assert_allclose(weighted, plain * ratio, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", ["topk", "mean"])
def test_threads_do_not_change_a_bit(method: Any) -> None:
    random = np.random.default_rng(0)
    sizes = random.integers(1, 60, 1500)
    label, scores = random.integers(0, 3, sizes.sum()), random.normal(size=sizes.sum())
    one, four = (
        Lambdas(label, sizes, loss=Loss(method=method), threads=threads)(scores, costs=True)
        for threads in (1, 4)
    )
    for single, several in zip(one, four, strict=True):
        np.testing.assert_array_equal(single, several)


def test_with_positions_the_order_of_rows_in_a_query_does_not_matter(sized: Any) -> None:
    """Not even where scores are tied, as they all are before the first tree."""
    rows, random = len(sized.grade), np.random.default_rng(2)
    query = np.repeat(np.arange(len(sized.sizes)), sized.sizes)
    position = np.arange(rows) * 3 % 1000
    turned = np.lexsort((random.random(rows), query))
    for scores in (np.zeros(rows), sized.scores):
        first = Lambdas(sized.grade, sized.sizes, position=position)(scores)
        again = Lambdas(sized.grade[turned], sized.sizes, position=position[turned])(scores[turned])
        np.testing.assert_array_equal(first.gradient[turned], again.gradient)
        np.testing.assert_array_equal(first.hessian[turned], again.hessian)


def test_far_scores_stay_finite() -> None:
    found = Lambdas([0, 1, 0], [3], loss=Loss(**BARE))([1e30, -1e30, 0.0], costs=True)
    for values in found:
        assert np.isfinite(values).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sizes": [3]}, "Sizes must be of queries of a row or more, 2 in all"),
        ({"sizes": [2, 0]}, "Sizes must be"),
        ({"label": [0, np.nan]}, "Labels must be finite"),
        ({"label": [0, 0.5]}, "whole labels from 0 to 31; one is 0.5"),
        ({"label": [0, 32]}, "whole labels from 0 to 31; one is 32"),
        ({"label": [0, -1]}, "must not be negative"),
        ({"label": [0, 2], "loss": Loss(metric="map")}, "reads labels 0 and 1; the labels reach 2"),
        ({"weight": [1, 1]}, "Weights must be one a query, 1"),
        ({"weight": [0]}, "not all 0"),
        ({"position": [0]}, "Positions must be one a row, 2"),
        ({"position": [0, -1]}, "count from 0"),
        ({"position": [0.0, 1.0]}, "whole numbers"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Lambdas(**{"label": [0, 1], "sizes": [2], **change})


def test_scores_of_other_rows_are_refused() -> None:
    with pytest.raises(DataError, match="one a row, 2; there are 3"):
        Lambdas([0, 1], [2])([1, 2, 3])


def test_without_numba_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "ranking.objective.kernel")
    monkeypatch.delattr("ranking.objective.kernel")
    monkeypatch.delitem(sys.modules, "ranking.objective.sort")
    with pytest.raises(ConfigError, match=r"crossrank\[train\]"):
        Lambdas([0, 1], [2])
