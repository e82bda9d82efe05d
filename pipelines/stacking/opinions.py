"""What a model says of rows, asked or kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.cosines import Cosine, Cosines, Readable
from features.errors import DataError
from features.layout import Layout

if TYPE_CHECKING:
    from models.model import Model
    from pipelines.config import Config

Floats = npt.NDArray[np.float32]

KEPT = "out_of_fold.npy"  # in a run


def cosines_of(config: Config, layout: Layout) -> tuple[Cosine, ...]:
    """What a run's ranker is given of the model beside its logit.

    Raises ConfigError where the model has no such embeddings.
    """
    if config.stacking is None or not config.stacking.cosines:
        return ()
    from models import embeddings  # TensorFlow takes seconds to import

    return embeddings.cosines_of(config.model, layout, config.stacking.cosines)


class Opinion(NamedTuple):
    """logits: float32 (rows, tasks). cosines: float32 (rows, pairs)."""

    logits: Floats
    cosines: Floats


class Opinions(Protocol):
    """Of the rows of a dataset, given a batch of them and how many come before it."""

    def __call__(self, batch: Batch, start: int) -> Opinion: ...


class Asked:
    """Those of a model, given for whatever rows."""

    def __init__(self, model: Model, cosines: Sequence[Cosine] = ()) -> None:
        tables = {
            name: Readable(model.lookups[name].space, table.pull)
            for name, table in model.tables.items()
        }
        self._model, self.cosines = model, Cosines(model.layout, cosines, tables)
        self.names = tuple(one.name for one in cosines)  # of the columns, the logit apart

    def __call__(self, batch: Batch, start: int) -> Opinion:  # noqa: ARG002
        return Opinion(self._model.task_logits([batch]), self.cosines(batch))


class Kept:
    """Those of models that had not seen the rows: float32 (rows, 1 + pairs), the logit first."""

    def __init__(self, values: Floats) -> None:
        self.values = values

    def __call__(self, batch: Batch, start: int) -> Opinion:
        own = self.values[start : start + batch.rows]
        return Opinion(own[:, :1], own[:, 1:])

    def save(self, folder: Path) -> None:
        """Write `out_of_fold.npy`."""
        np.save(folder / KEPT, self.values)

    @classmethod
    def load(cls, folder: Path) -> Kept:
        """Raises DataError where the file is absent or damaged."""
        try:
            return cls(np.load(folder / KEPT, allow_pickle=False))
        except (OSError, ValueError) as error:
            raise DataError(
                f"{folder / KEPT} must be an array; reading it failed: {error}. "
                "Run `crossrank train` again."
            ) from error
