"""Logs whose documents and users are known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from ranking.clicks.appeal import Appeal
from ranking.clicks.lists import Lists
from ranking.clicks.model import ClickModel

QUERIES, DOCUMENTS = 10, 6


@dataclass(frozen=True)
class Log:
    """Lists of 2 to 6 documents of 10 queries, in random order; `truth` is that of any seed."""

    truth: Appeal
    document: npt.NDArray[np.int64]
    lists: Lists
    click: npt.NDArray[np.float32]

    @property
    def arguments(self) -> tuple[Any, ...]:
        return self.document, self.lists.position, self.click, self.lists.sizes


@pytest.fixture(scope="session")
def log_of() -> Callable[..., Log]:
    def make(model: ClickModel, lists: int = 30_000, seed: int = 0) -> Log:
        rng = np.random.default_rng(0)
        truth = Appeal(rng.beta(2, 3, QUERIES * DOCUMENTS), rng.beta(2, 2, QUERIES * DOCUMENTS))
        rng = np.random.default_rng((1, seed))
        sizes = rng.integers(2, DOCUMENTS + 1, size=lists)
        order = np.argsort(rng.random((lists, DOCUMENTS)), axis=1)
        document = rng.integers(QUERIES, size=(lists, 1)) * DOCUMENTS + order
        document = document[np.arange(DOCUMENTS) < sizes[:, None]]
        shown = Lists.of(sizes)
        click = model.respond(truth[document], shown, rng.random(len(document)))
        return Log(truth, document, shown, click)

    return make
