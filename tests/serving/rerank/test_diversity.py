"""Maximal marginal relevance, against a plain loop over pairs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import polars as pl
import pytest

from serving.problem import RequestError
from serving.rerank.config import RerankConfig
from serving.rerank.reranker import Reranked, Reranker
from serving.rerank.traits import Traits

Rank = Callable[..., Reranked]
COMPARED = [*product([["brand"], ["brand", "kind"]], [None, "vector"]), ([], "vector")]


def reference(scores: np.ndarray, like: np.ndarray, weight: float) -> list[int]:
    """Carbonell and Goldstein's formula, word by word."""
    worth = (scores - scores.min()) / (scores.max() - scores.min())
    chosen: list[int] = []
    while len(chosen) < len(scores):
        value = {
            i: weight * worth[i] - (1 - weight) * max((like[i, j] for j in chosen), default=0.0)
            for i in range(len(scores))
            if i not in chosen
        }
        chosen.append(max(value, key=lambda i: (value[i], scores[i])))
    return chosen


def test_worked_by_hand(rank: Rank) -> None:
    config = {"diversity": {"relevance": 0.5, "columns": ["brand"]}}
    # 1, .9, .8 of brand a, 0 of b. After the first: .45 - .5, .4 - .5, 0 - 0; then brand a again.
    found = rank(config, [1.0, 0.9, 0.8, 0.0], brand=list("aaab"))
    assert found.order.tolist() == [0, 3, 1, 2]


def test_relevance_alone_is_the_order_of_scores(rank: Rank) -> None:
    scores = np.random.default_rng(0).normal(size=60)
    config = {"diversity": {"relevance": 1, "columns": ["brand"]}, "depth": 60}
    found = rank(config, scores, brand=["a"] * 60)
    assert found.order.tolist() == np.argsort(-np.float32(scores), kind="stable").tolist()


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.7, 0.95])
@pytest.mark.parametrize(("columns", "embedding"), COMPARED)
def test_as_the_formula(
    rank: Rank, weight: float, columns: list[str], embedding: str | None
) -> None:
    random, rows = np.random.default_rng(3), 25
    scores = np.float32(random.normal(size=rows))
    texts = {one: random.choice([None, "a", "b", "c"], rows).tolist() for one in ("brand", "kind")}
    vectors = random.normal(size=(rows, 4))
    vectors[5] = 0
    unit = np.array([one / (np.linalg.norm(one) or 1) for one in vectors])
    parts = [
        np.array([[a == b and a is not None for a in texts[name]] for b in texts[name]], float)
        for name in columns
    ]
    parts += [] if embedding is None else [unit @ unit.T]
    sent: list[list[float] | None] = vectors.tolist()
    sent[5] = None  # a missing vector is like nothing, as zeros are
    diversity = {"relevance": weight, "columns": columns, "embedding": embedding}
    found = rank({"diversity": diversity}, scores, **texts, vector=sent)
    expected = reference(np.float64(scores), np.mean(parts, axis=0), weight)
    assert found.order.tolist() == expected


def test_vectors_of_any_size_have_a_direction(rank: Rank) -> None:
    config = {"diversity": {"relevance": 0.4, "embedding": "vector"}}
    for size in (1e-200, 1.0, 1e200):
        vectors = [[size, 0.0], [size, 0.0], [0.0, 1.0]]
        assert rank(config, [3.0, 2.0, 1.0], vector=vectors).order.tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    ("vectors", "row", "came"),
    [
        ([None, [1.0, 2.0], [1.0]], 2, "1 numbers"),
        ([[1.0, 2.0], None, [1.0, None]], 2, "a missing number"),
    ],
)
def test_uneven_vectors_are_refused(
    rank: Rank, vectors: list[list[float | None] | None], row: int, came: str
) -> None:
    said = f"vectors of 2 numbers.*row {row} holds {came}"
    with pytest.raises(RequestError, match=said) as error:
        rank({"diversity": {"embedding": "vector"}}, [1.0, 2.0, 3.0], vector=vectors)
    assert (error.value.column, error.value.row) == ("vector", row)


@pytest.mark.parametrize("vectors", [[None, None], [[], None]])
def test_no_vectors_at_all_compare_nothing(vectors: list[list[float] | None]) -> None:
    series = pl.Series("vector", vectors, dtype=pl.List(pl.Float64))
    config = RerankConfig.model_validate({"diversity": {"embedding": "vector"}})
    traits = Traits(2, lambda _: series)
    found = Reranker(config).rank(np.array([1.0, 2.0]), traits, np.random.default_rng(0))
    assert found.order.tolist() == [1, 0]
