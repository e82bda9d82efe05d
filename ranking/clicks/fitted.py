"""A click model with what it found documents to be to users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from features.errors import DataError
from features.suggest import listing
from ranking.clicks import measures
from ranking.clicks.appeal import Appeal
from ranking.clicks.lists import Lists
from ranking.clicks.model import TINY, ClickModel
from ranking.clicks.registry import AnyClickModel

Floats = npt.NDArray[np.float64]
Array = npt.NDArray[Any]

_MODEL: TypeAdapter[ClickModel] = TypeAdapter(AnyClickModel)
_FIELDS = ("model", "documents", "attraction", "satisfaction", "examination", "trace")
_MADE_BY = "Fit the click model again."


@dataclass(frozen=True)
class FittedClicks:
    """A fitted click model.

    documents: the distinct keys it was fitted to, sorted. appeal: of each of them. examination:
    float64 (depth,), mean P(looked at) by position over the lists it was fitted to, relative to
    the top. trace: the log posterior at each step of the EM, none of a closed form.

    Arguments of the methods are as those of `fit`; a document it does not know is the mean one.
    """

    model: ClickModel
    documents: Array
    appeal: Appeal
    examination: Floats
    trace: tuple[float, ...]

    def of(self, document: Array) -> Appeal:
        """What each row's document is to users."""
        document = np.asarray(document)
        place = np.minimum(np.searchsorted(self.documents, document), len(self.documents) - 1)
        found, known = self.appeal[place], self.documents[place] == document
        return Appeal(
            np.where(known, found.attraction, self.appeal.attraction.mean()),
            np.where(known, found.satisfaction, self.appeal.satisfaction.mean()),
        )

    def examined(self, document: Array, position: Array, sizes: Array) -> Floats:
        """P(looked at), float64 (rows,): the propensity where it depends on the rows above."""
        return self.model.examined(self.of(document), Lists.of(sizes, position))

    def probability(self, document: Array, position: Array, sizes: Array) -> Floats:
        """P(click), float64 (rows,), whatever else is clicked."""
        return self.model.probability(self.of(document), Lists.of(sizes, position))

    def conditional(self, document: Array, position: Array, click: Array, sizes: Array) -> Floats:
        """P(click | the clicks before it in its list), float64 (rows,)."""
        lists = Lists.of(sizes, position)
        return self.model.conditional(self.of(document), lists, np.asarray(click))

    def log_likelihood(self, document: Array, position: Array, click: Array, sizes: Array) -> float:
        """See `measures.log_likelihood`."""
        given = self.conditional(document, position, click, sizes)
        return measures.log_likelihood(given, np.asarray(click), np.asarray(sizes))

    def perplexity(
        self,
        document: Array,
        position: Array,
        click: Array,
        sizes: Array,
        *,
        conditional: bool = False,
    ) -> Floats:
        """See `measures.perplexity`."""
        if conditional:
            chance = self.conditional(document, position, click, sizes)
        else:
            chance = self.probability(document, position, sizes)
        return measures.perplexity(chance, np.asarray(click), np.asarray(position))

    def state(self) -> dict[str, Any]:
        """As JSON holds it; `read` undoes it."""
        return {
            "model": self.model.model_dump(mode="json"),
            "documents": self.documents.tolist(),
            "attraction": self.appeal.attraction.tolist(),
            "satisfaction": self.appeal.satisfaction.tolist(),
            "examination": self.examination.tolist(),
            "trace": list(self.trace),
        }

    @classmethod
    def read(cls, state: dict[str, Any]) -> Self:
        """Raises DataError where `state` is not what `state()` gave."""
        if set(state) != set(_FIELDS):
            raise DataError(
                f"A fitted click model must hold {listing(_FIELDS)}; it holds "
                f"{listing(state) or 'nothing'}. {_MADE_BY}"
            )
        try:
            model = _MODEL.validate_python(state["model"])
            attraction, satisfaction, examination = (
                np.array(state[name], dtype=np.float64)
                for name in ("attraction", "satisfaction", "examination")
            )
            documents = np.array(state["documents"])
            if not len(documents) == len(attraction) == len(satisfaction):
                raise ValueError("its arrays are of different lengths")
        except (ValidationError, ValueError, TypeError) as error:
            raise DataError(
                f"A fitted click model must hold together: {error}. {_MADE_BY}"
            ) from error
        appeal = Appeal(attraction, satisfaction)
        return cls(model, documents, appeal, examination, tuple(state["trace"]))


def mean_examination(model: ClickModel, appeal: Appeal, lists: Lists) -> Floats:
    """Mean P(looked at) by position, relative to the first position with rows, float64 (depth,).

    A position that no row was shown at takes the value of the one above it.
    """
    rows = np.bincount(lists.position)
    total = np.bincount(lists.position, model.examined(appeal, lists))
    some = np.flatnonzero(rows)
    held = some[np.maximum(np.searchsorted(some, np.arange(len(rows)), "right") - 1, 0)]
    mean = total[held] / rows[held]
    return np.asarray(mean / max(float(mean[0]), TINY))
