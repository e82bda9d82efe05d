"""Small logs whose bias is known, for the objectives' tests."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

Array = npt.NDArray[Any]


class Log(NamedTuple):
    """Queries of ten rows in the order shown, clicked by relevance times 1 / (1 + position)."""

    matrix: Array
    click: Array
    sizes: Array
    position: Array


class Sized(NamedTuple):
    """Queries of one to thirty rows with grades, weights and scores."""

    matrix: Array
    grade: Array
    sizes: Array
    weight: Array
    scores: Array


@pytest.fixture(scope="session")
def log() -> Log:
    random, queries, documents = np.random.default_rng(0), 1000, 10
    matrix = random.normal(size=(queries * documents, 3)).astype(np.float32)
    position = np.tile(np.arange(documents, dtype=np.int32), queries)
    relevance = 1 / (1 + np.exp(1 - 2 * matrix[:, 0]))
    click = random.random(len(matrix)) < relevance / (1 + position)
    return Log(matrix, click.astype(np.float32), np.full(queries, documents), position)


@pytest.fixture(scope="session")
def sized() -> Sized:
    random = np.random.default_rng(1)
    sizes = random.integers(1, 31, 80)
    matrix = random.normal(size=(sizes.sum(), 4)).astype(np.float32)
    grade = np.clip(np.round(matrix[:, 0] + random.normal(size=len(matrix)) + 1), 0, 4)
    weight, scores = random.random(80) + 0.1, random.normal(size=len(matrix))
    floats = (one.astype(np.float32) for one in (weight, scores))
    return Sized(matrix, grade.astype(np.float32), sizes, *floats)
