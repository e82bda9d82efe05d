"""Progressive validation: each batch is scored by the model before it learns from it."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from features.batch import Batch
from pipelines.config import Config
from pipelines.progressive.report import Report, report
from pipelines.progressive.scores import Scores
from pipelines.progressive.slices import DEFAULT_ROWS, Slices, by_column, by_rows

if TYPE_CHECKING:
    from models.progressive import Progressive
    from models.trainer import Trainer


class ProgressiveValidation:
    """Watches a training of one pass.

    Memory is the slice of each row (4 bytes, where a column tells it) while training, and what
    exact metrics of all rows take at its end, some 100 bytes a row.

    Args:
        settings: what is reported.
        config: the run, of whose log a slice may be a column.
        trainer: of the model that scores.
        file: where scores are kept until the report.
        offset: what maps logits of the training rows, as weighted, to logits of the log; rows
            are weighted so that the metrics are of the log too.

    Raises:
        SchemaError, ConfigError: the slices cannot be made as declared.
    """

    def __init__(
        self, settings: Progressive, config: Config, trainer: Trainer, file: Path, offset: float
    ) -> None:
        self._settings, self._trainer, self._scores = settings, trainer, Scores(file)
        self._negative = np.float32(math.exp(-offset))
        self._slices: Slices | None = None
        if settings.column is not None:
            self._slices = by_column(config, settings.column, settings.period)

    def watch(self, batches: Generator[Batch], rows: int) -> Iterator[Batch]:
        """The same batches, which follow the first `rows` of the pass.

        A batch is scored when it is asked for: its taker must have learned from those before.
        """
        self._scores.keep(rows)
        with closing(batches):
            for batch in batches:
                assert batch.label is not None  # the trainer learns from it next
                self._trainer.step.sync()
                weight = np.where(batch.label == 0, self._negative, np.float32(1))
                if batch.weight is not None:
                    weight = weight * batch.weight
                self._scores.add(self._trainer.model.predict([batch]), batch.label, weight)
                yield batch

    def flush(self) -> None:
        """Make the scores so far outlive the machine."""
        self._scores.flush()

    def report(self) -> Report:
        """Of the whole pass."""
        rows = self._scores.rows
        size = self._settings.rows or DEFAULT_ROWS
        slices = self._slices or by_rows(len(rows), size)
        return report(self._settings.model_dump(mode="json"), rows, slices)
