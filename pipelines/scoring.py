"""Scores of a prepared part by a run's model and ranker: the offline truth of parity tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from features.dataset.dataset import LABEL, POSITION, QUERY, Dataset, role_column
from features.sigmoid import sigmoid
from ranking.groups import Groups
from ranking.lambdamart import QueryData, Ranker
from serving.calibration.store import AnyCalibration

if TYPE_CHECKING:
    from models.model import Model

PROBABILITY, UNCALIBRATED, RANK = "probability", "uncalibrated", "rank"
TASK_PROBABILITY = "probability:"  # and the name of a further task
BATCH = 8192

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


def matrix(dataset: Dataset, model: Model | None) -> tuple[Floats, Floats | None]:
    """The ranker's columns float32 (rows, columns), and the logits float32 (rows, tasks)."""
    matrices, logits = [], []
    for batch in dataset.batches(BATCH):
        score = None if model is None else model.task_logits([batch])
        matrices.append(batch.matrix(None if score is None else score[:, 0]))
        if score is not None:
            logits.append(score)
    return np.concatenate(matrices), np.concatenate(logits) if logits else None


def query_data(dataset: Dataset, columns: Floats) -> QueryData:
    """Ranking examples of a prepared part whose columns `matrix` gave."""
    roles = dataset.frame([role_column(role) for role in dataset.manifest.roles])
    position = roles[POSITION] if POSITION in roles.columns else None
    label = roles[LABEL].to_numpy()
    return QueryData(columns, label, Groups.of(roles[QUERY], position))


def segments_of(dataset: Dataset, feature: str | None) -> Ints | None:
    """The encoded ids int32 (rows,) of the feature whose values are segments."""
    return None if feature is None else dataset.frame([feature])[feature].to_numpy()


def score(
    dataset: Dataset,
    model: Model | None,
    ranker: Ranker | None,
    calibration: AnyCalibration | None = None,
) -> pl.DataFrame:
    """The roles of each row, its click probability and its ranking score, in order.

    `rank` is the ranker's score, or the probability where there is no ranker. With a calibration
    the model's own probability stands beside that which it makes of it, as `uncalibrated`. Those
    of further tasks are `probability:` and the task's name.
    """
    frame = dataset.frame([role_column(role) for role in dataset.manifest.roles])
    frame = frame.rename({role_column(role): role for role in dataset.manifest.roles})
    if ranker is None:
        assert model is not None  # a run has a model, a ranker, or both
        every: Floats | None = model.task_logits(dataset.batches(BATCH))
    else:
        columns, every = matrix(dataset, model)
    found: dict[str, Floats] = {}
    if every is not None:
        logits = every[:, 0]
        found[PROBABILITY] = sigmoid(logits)
        for i, task in enumerate(dataset.manifest.tasks, 1):
            found[TASK_PROBABILITY + task] = sigmoid(every[:, i])
        if calibration is not None:
            found[UNCALIBRATED] = found[PROBABILITY]
            segments = segments_of(dataset, calibration.feature)
            found[PROBABILITY] = calibration.apply(logits, segments)
    found[RANK] = found[PROBABILITY] if ranker is None else ranker.predict(columns)
    return frame.with_columns(pl.Series(name, values) for name, values in found.items())
