"""A log whose relevance and examination are known, for the rankers' tests."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xgboost as xgb
from sklearn.metrics import ndcg_score

from pipelines.judge import judge_of, metric_of
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.pages import Pages
from ranking.lambdamart.ranker import Ranker
from ranking.lambdamart.train import train
from ranking.query_data import QueryData

DOCUMENTS = 10
NAMES = ["signal", "size", "noise", "logger"]

Floats = npt.NDArray[np.float32]


class World:
    """Queries of ten documents with known relevance, shown by a logger that ignores it.

    A click is relevance times examination, 1 / (1 + position). `logged` documents are shown in
    the order of a feature that says nothing of relevance; the others in random order. The
    columns are the signal, a size whose sign means nothing, noise, and the logger's feature.
    """

    def __init__(self, seed: int, queries: int, *, logged: bool = False) -> None:
        random = np.random.default_rng(seed)
        self.matrix = random.normal(size=(queries * DOCUMENTS, 4)).astype(np.float32)
        signal, size, _, logger = self.matrix.T
        self.relevance = 1 / (1 + np.exp(1 - 2 * signal - 2 * np.abs(size)))
        order = logger if logged else random.normal(size=len(logger))
        ranks = np.argsort(np.argsort(-order.reshape(queries, DOCUMENTS), 1), 1)
        self.position = ranks.ravel()
        self.query = np.repeat(np.arange(queries), DOCUMENTS)
        seen = random.random(len(order)) < 1 / (1 + self.position)
        self.click = (seen & (random.random(len(order)) < self.relevance)).astype(np.float32)
        self.grade = np.floor(self.relevance * 5).astype(np.float32)

    def data(self, label: Floats, rows: Any = slice(None), weight: Any = None) -> QueryData:
        """`weight`: float32 (queries,)."""
        by_row = None if weight is None else weight[self.query[rows]]
        return QueryData.of(
            self.matrix[rows], label[rows], self.query[rows], self.position[rows], by_row
        )

    def ndcg(self, ranker: Ranker) -> float:
        scores = ranker.predict(self.matrix).reshape(-1, DOCUMENTS)
        return float(ndcg_score(self.relevance.reshape(-1, DOCUMENTS), scores))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine threads that wait for each other take seconds over small data."""
    with xgb.config_context(nthread=1):
        yield


@pytest.fixture(scope="session")
def world_of() -> Callable[..., World]:
    return World


@pytest.fixture(scope="session")
def small() -> World:
    return World(1, 120)


@pytest.fixture(scope="session")
def fit() -> Callable[..., Ranker]:
    """Train on the columns of a `World`, judged by the configuration's own metric."""

    def fit(config: RankerConfig, data: QueryData | Pages, valid: QueryData, **more: Any) -> Ranker:
        judge = judge_of(metric_of(config.metric), valid)
        more = {"report": lambda *_: None, "names": NAMES} | more
        names, report = more.pop("names"), more.pop("report")
        return train(config, names, data, valid, judge, report, **more)

    return fit
