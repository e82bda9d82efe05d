"""Rows of known worth, and what scores them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from features.batch import Batch
from features.encoder import Encoder
from features.fit import fit
from features.schema import Schema
from pipelines.sample import Rows
from pipelines.subject import Floats, Subject

QUERIES, SIZE = 200, 5


@dataclass(frozen=True)
class Known:
    """A log whose label is 1 where `told` is positive; `twin` is a copy of it, `of_query` is the
    same in each row of a query, and `idle` and `tag` are read by nobody."""

    encoder: Encoder
    rows: Rows

    def subject(self, logits: Callable[[Batch], Floats]) -> Subject:
        return Subject(self.encoder, logits, None)

    def column(self, name: str) -> Callable[[Batch], Floats]:
        place = self.encoder.layout.numeric_names.index(name)
        return lambda batch: batch.numerics[:, place]


@pytest.fixture(scope="session")
def known() -> Known:
    random = np.random.default_rng(0)
    told = random.normal(size=QUERIES * SIZE)
    told += np.sign(told)  # away from 0, so that its scale leaves the sign alone
    query = np.repeat(np.arange(QUERIES), SIZE)
    raw = pl.DataFrame(
        {
            "label": (told > 0).astype(int),
            "query": query,
            "told": told,
            "twin": told,
            "of_query": random.normal(size=QUERIES)[query],
            "idle": random.normal(size=len(told)),
            "tag": random.choice(["a", "b"], len(told)),
        }
    )
    schema = Schema.model_validate(
        {
            "label": "label",
            "query": "query",
            "features": [
                {"type": "numeric", "columns": ["told", "twin", "of_query", "idle"]},
                {"type": "id", "column": "tag"},
            ],
        }
    )
    encoder = fit(schema, [raw])
    return Known(encoder, Rows(encoder.batch(raw), raw.select("label", "query")))
