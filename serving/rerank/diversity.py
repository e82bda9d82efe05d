"""Relevance against likeness to what already stands above."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.rerank.rule import Read
from serving.rerank.traits import Traits

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Diversity(BaseModel):
    """Maximal marginal relevance.

    Each position goes to the row with the highest
    lambda * worth - (1 - lambda) * max over rows above of similarity.
    lambda is `relevance`; the worth of a row is its score, brought to 0 .. 1 over the request's
    rows; the similarity of two rows is the mean of: for each of `columns`, whether both hold the
    same value; and, with `embedding`, a column of vectors, the cosine between theirs.

    Carbonell and Goldstein, "The use of MMR, diversity-based reranking", SIGIR 1998.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    relevance: float = Field(default=0.7, ge=0, le=1)
    columns: tuple[str, ...] = ()
    embedding: str | None = None

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.columns and self.embedding is None:
            raise ValueError("diversity needs `columns`, an `embedding`, or both, to compare by")
        if len(set(self.columns)) < len(self.columns):
            raise ValueError("the `columns` of diversity must differ; one came twice")
        return self

    @property
    def reads(self) -> Iterator[Read]:
        yield from ((column, "id") for column in self.columns)
        if self.embedding is not None:
            yield self.embedding, "numbers"

    def worth(
        self, scores: Floats, traits: Traits, rows: npt.NDArray[np.intp]
    ) -> Callable[[], MarginalRelevance]:
        """Makes anew what these of the candidates, with `scores` (rows,), are worth."""
        codes = [traits.ids(column).codes[rows] for column in self.columns]
        vectors = None if self.embedding is None else traits.directions(self.embedding)[rows]
        likeness = Likeness(codes, vectors)
        return partial(MarginalRelevance, scaled(scores), self.relevance, likeness)


class Likeness:
    """How alike two rows are. codes: int64 (rows,) each, -1 where missing, which is like nothing;
    vectors: of length 1 or 0, float64 (rows, dim)."""

    def __init__(self, codes: list[Ints], vectors: Floats | None) -> None:
        self._codes, self._vectors = codes, vectors
        self._parts = len(codes) + (vectors is not None)
        self._rows = len(codes[0] if vectors is None else vectors)

    def to(self, row: int) -> Floats:
        """Of every row to this one: float64 (rows,)."""
        total = (
            np.zeros(self._rows) if self._vectors is None else self._vectors @ self._vectors[row]
        )
        for codes in self._codes:
            if codes[row] >= 0:
                total += codes == codes[row]
        return total / self._parts


class MarginalRelevance:
    """What each row is worth, given the rows above.

    worth: float64 (rows,), 0 to 1, by itself. relevance: how much that counts, against likeness.
    """

    def __init__(self, worth: Floats, relevance: float, likeness: Likeness) -> None:
        self._own = relevance * worth
        self._weight, self._likeness = 1 - relevance, likeness
        self._nearest: Floats | None = None  # similarity to the most similar row above
        self.value = self._own

    def place(self, row: int) -> None:
        alike = self._likeness.to(row)
        self._nearest = alike if self._nearest is None else np.maximum(self._nearest, alike)
        self.value = self._own - self._weight * self._nearest


def scaled(scores: Floats) -> Floats:
    """Scores brought to 0 .. 1: float64 (rows,); 0 where all are equal."""
    if not len(scores):
        return scores
    low, span = scores.min(), np.ptp(scores)
    return (scores - low) / span if span > 0 else np.zeros_like(scores)
