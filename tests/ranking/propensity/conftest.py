"""Logs whose examination is known, by a small position-based simulator of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

DOCUMENTS = 10


@dataclass(frozen=True)
class Log:
    """Sessions of ten documents, (sessions,) or (rows,), and the truth behind them."""

    sizes: npt.NDArray[np.int64]
    position: npt.NDArray[np.int32]
    click: npt.NDArray[np.float32]
    item: npt.NDArray[np.int64]  # a query and its document
    features: npt.NDArray[np.float32]
    score: npt.NDArray[np.float64]  # the first ranker's
    ranks: npt.NDArray[np.int32]  # (rows, rankers)
    ranker: npt.NDArray[np.int64]
    partner: npt.NDArray[np.int64]
    swapped: npt.NDArray[np.bool_]
    relevance: npt.NDArray[np.float64]
    truth: npt.NDArray[np.float64]  # (documents,)

    @property
    def plain(self) -> tuple[Any, Any, Any]:
        return self.sizes, self.position, self.click


def simulated(
    seed: int, sessions: int, *, eta: float = 1.0, order: str = "rankers", queries: int = 300
) -> Log:
    """Queries return; two rankers of middling strength, of which a session draws one.

    order: "rankers", "shuffled", or "swaps" of the first ranker's top. Examination is
    1 / (1 + position) ** eta, relevance a logistic function of the features.
    """
    random = np.random.default_rng(seed)
    features = random.normal(size=(queries, DOCUMENTS, 4))
    relevance = 1 / (1 + np.exp(1 - features @ [1.5, -1.0, 0.0, 0.0]))
    noise = random.normal(size=(2, queries, DOCUMENTS))
    scores = features[..., 0] * 0.7 + noise
    ranks = np.argsort(np.argsort(-scores, axis=2), axis=2)  # (ranker, query, document)
    query = random.integers(queries, size=sessions)
    ranker = random.integers(2, size=sessions)
    partner = random.integers(1, DOCUMENTS, size=sessions)
    swapped = random.random(sessions) < 0.5
    place = ranks[ranker, query]
    if order == "shuffled":
        place = random.permuted(place, axis=1)
    elif order == "swaps":
        place = ranks[0, query]
        partners = np.where(swapped, partner, 0)[:, None]
        top, other = place == 0, place == partners
        place = np.where(top, partners, np.where(other, 0, place))
    shown = np.argsort(place, axis=1)  # (sessions, position) -> document

    def rows(values: Any) -> Any:
        return np.take_along_axis(values, shown, axis=1).ravel()

    truth = 1 / np.arange(1, DOCUMENTS + 1) ** eta
    relevant = rows(relevance[query])
    click = random.random(len(relevant)) < np.tile(truth, sessions) * relevant
    document = np.arange(queries * DOCUMENTS).reshape(queries, DOCUMENTS)
    return Log(
        sizes=np.full(sessions, DOCUMENTS),
        position=np.tile(np.arange(DOCUMENTS, dtype=np.int32), sessions),
        click=click.astype(np.float32),
        item=rows(document[query]),
        features=features.reshape(-1, 4)[rows(document[query])].astype(np.float32),
        score=rows(scores[0][query]),
        ranks=np.stack([rows(ranks[0][query]), rows(ranks[1][query])], axis=1).astype(np.int32),
        ranker=ranker,
        partner=partner,
        swapped=swapped,
        relevance=relevant,
        truth=truth,
    )


@pytest.fixture(scope="session")
def log_of() -> Callable[..., Log]:
    return simulated


@pytest.fixture(scope="session")
def logged() -> Log:
    """By two rankers."""
    return simulated(1, 6_000)


@pytest.fixture(scope="session")
def shuffled() -> Log:
    return simulated(2, 6_000, order="shuffled")
