"""Scores of a prepared part by a run's model and ranker: the offline truth of parity tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from features.batch import Batch
from features.cosines import Cosine
from features.dataset.dataset import (
    LABEL,
    POSITION,
    PROPENSITY,
    QUERY,
    WEIGHT,
    Dataset,
    role_column,
)
from features.sigmoid import sigmoid
from pipelines.stacking.opinions import Asked, Opinions
from ranking.query_data import QueryData
from ranking.registry import AnyRanker
from serving.calibration.store import AnyCalibration

if TYPE_CHECKING:
    from models.model import Model

PROBABILITY, UNCALIBRATED, RANK = "probability", "uncalibrated", "rank"
TASK_PROBABILITY = "probability:"  # and the name of a further task
BATCH = 8192

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]


def matrix(dataset: Dataset, opinions: Opinions | None) -> tuple[Floats, Floats | None]:
    """The ranker's columns float32 (rows, columns), and the logits float32 (rows, tasks)."""
    matrices, logits = [], []
    start = 0
    for batch in dataset.batches(BATCH):
        columns, score = _columns(batch, start, opinions)
        matrices.append(columns)
        if score is not None:
            logits.append(score)
        start += batch.rows
    return np.concatenate(matrices), np.concatenate(logits) if logits else None


def _columns(batch: Batch, start: int, opinions: Opinions | None) -> tuple[Floats, Floats | None]:
    if opinions is None:
        return batch.matrix(), None
    logits, cosines = opinions(batch, start)
    return batch.matrix(logits[:, 0], cosines), logits


def query_data(dataset: Dataset, columns: Floats) -> QueryData:
    """Ranking examples of a prepared part whose columns `matrix` gave."""
    return _query_data(columns, _roles(dataset))


def query_pages(dataset: Dataset, opinions: Opinions | None, rows: int) -> Iterator[QueryData]:
    """The same in pages of whole queries: as many as fit into `rows`, or one that is longer.

    Labels, queries and positions are in memory at once, the columns of a page alone. Raises
    DataError where the rows of a query are apart.
    """
    roles = _roles(dataset)
    top = None if POSITION not in roles.columns else cast("int", roles[POSITION].min())
    start = 0
    for batch in dataset.batches(rows, by_query=True):
        columns, _ = _columns(batch, start, opinions)
        yield _query_data(columns, roles.slice(start, batch.rows), top)
        start += batch.rows


def _roles(dataset: Dataset) -> pl.DataFrame:
    return dataset.frame([role_column(role) for role in dataset.manifest.roles])


def _query_data(columns: Floats, roles: pl.DataFrame, top: int | None = None) -> QueryData:
    position, weight, propensity = (
        roles[role] if role in roles.columns else None for role in (POSITION, WEIGHT, PROPENSITY)
    )
    label = roles[LABEL].to_numpy()
    return QueryData.of(
        columns, label, roles[QUERY], position, weight, propensity=propensity, top=top
    )


def segments_of(dataset: Dataset, feature: str | None) -> Ints | None:
    """The encoded ids int32 (rows,) of the feature whose values are segments."""
    return None if feature is None else dataset.frame([feature])[feature].to_numpy()


def score(
    dataset: Dataset,
    model: Model | None,
    ranker: AnyRanker | None,
    calibration: AnyCalibration | None = None,
    cosines: Sequence[Cosine] = (),
) -> pl.DataFrame:
    """The roles of each row, its click probability and its ranking score, in order.

    `rank` is the ranker's score, or the probability where there is no ranker; `cosines` are what
    it is given of the model beside the logit. With a calibration
    the model's own probability stands beside that which it makes of it, as `uncalibrated`. Those
    of further tasks are `probability:` and the task's name.
    """
    frame = dataset.frame([role_column(role) for role in dataset.manifest.roles])
    frame = frame.rename({role_column(role): role for role in dataset.manifest.roles})
    if ranker is None:
        assert model is not None  # a run has a model, a ranker, or both
        every: Floats | None = model.task_logits(dataset.batches(BATCH))
    else:
        columns, every = matrix(dataset, None if model is None else Asked(model, cosines))
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
