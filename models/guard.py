"""What training must not go on from: a loss, an input or a weight that is no number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from features.batch import Batch
from features.errors import DataError
from models import evidence
from models.course import Course
from models.model import Model
from models.suspects import not_finite, not_finite_numerics, not_finite_weights, suspects

_MEND = "Lower the learning rates, or look for extreme numerics."


class Guard:
    """Stops a training with an error that says where, and names the feature.

    Args:
        model: what is trained.
        limit: the largest size of a loss that is learned from.
        folder: where the batch that stopped it is saved; None for nowhere.
    """

    def __init__(self, model: Model, limit: float, folder: Path | None = None) -> None:
        self._model, self._limit, self._folder = model, limit, folder

    def inputs(self, batch: Batch, course: Course) -> None:
        """Raise DataError where a numeric is no number: ReLU would hide it from the loss."""
        if np.isfinite(batch.numerics).all():
            return
        found = not_finite_numerics(batch, self._model.layout)
        raise DataError(
            f"The numerics must stay finite; of batch {course.batches + 1} (after {course.rows} "
            f"rows) of epoch {course.epoch} these are not: {'; '.join(found)}.{self._saved(batch)} "
            "Mend the feature, or clip it."
        )

    def loss(
        self, loss: float, batch: Batch, course: Course, sync: Callable[[], None] = lambda: None
    ) -> None:
        """Raise DataError where the loss is no number or beyond the limit.

        `sync` is called first, to have the model's weights those that made the loss.
        """
        if abs(loss) <= self._limit:
            return
        sync()
        broken = not_finite(self._model, batch)
        blamed = (
            f"Not finite: {'; '.join(broken)}."
            if broken
            else f"All that it was made of is finite; most extreme: "
            f"{'; '.join(suspects(self._model, batch))}."
        )
        raise DataError(
            f"The loss must stay finite and at most {self._limit:g} (train.max_loss); it became "
            f"{loss:g} in batch {course.batches + 1} (after {course.rows} rows) of epoch "
            f"{course.epoch}. {blamed}{self._saved(batch)} {_MEND}"
        )

    def weights(self, course: Course) -> None:
        """Raise DataError where a weight is no number, though no loss has shown it."""
        if found := not_finite_weights(self._model):
            raise DataError(
                f"The weights must stay finite; after epoch {course.epoch} these are not: "
                f"{'; '.join(found)}. {_MEND}"
            )

    def _saved(self, batch: Batch) -> str:
        if self._folder is None:
            return ""
        return f" The batch is in {evidence.save(batch, self._model.layout, self._folder)}."
