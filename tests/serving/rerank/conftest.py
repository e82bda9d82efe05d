"""Candidates made by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from serving.rerank.config import RerankConfig
from serving.rerank.reranker import Reranked, Reranker
from serving.rerank.traits import Traits

Rank = Callable[..., Reranked]


def _traits(rows: int, **columns: list[Any]) -> Traits:
    series = {name: pl.Series(name, values) for name, values in columns.items()}
    return Traits(rows, series.__getitem__)


def _rank(config: dict[str, Any], scores: Any, seed: int = 0, **columns: list[Any]) -> Reranked:
    found = np.asarray(scores, np.float32)
    reranker = Reranker(RerankConfig.model_validate(config))
    return reranker.rank(found, _traits(len(found), **columns), np.random.default_rng(seed))


@pytest.fixture
def rank() -> Rank:
    return _rank


@pytest.fixture
def traits() -> Callable[..., Traits]:
    return _traits
