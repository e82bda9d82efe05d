"""Scores of a prepared part by a run's model and ranker: the offline truth of parity tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from features.dataset.dataset import POSITION, QUERY, ROLES, Dataset
from features.sigmoid import sigmoid
from ranking.groups import Groups
from ranking.lambdamart import QueryData, Ranker

if TYPE_CHECKING:
    from models.model import Model

PROBABILITY, RANK = "probability", "rank"
_BATCH = 8192

Floats = npt.NDArray[np.float32]


def matrix(dataset: Dataset, model: Model | None) -> tuple[Floats, Floats | None]:
    """The ranker's columns float32 (rows, columns), and the CTR logits float32 (rows,)."""
    matrices, logits = [], []
    for batch in dataset.batches(_BATCH):
        score = None if model is None else model.logits([batch])
        matrices.append(batch.matrix(score))
        if score is not None:
            logits.append(score)
    return np.concatenate(matrices), np.concatenate(logits) if logits else None


def query_data(dataset: Dataset, columns: Floats) -> QueryData:
    """Ranking examples of a prepared part whose columns `matrix` gave."""
    roles = dataset.frame([ROLES[role] for role in dataset.manifest.roles])
    position = roles[POSITION] if POSITION in roles.columns else None
    label = roles[ROLES["label"]].to_numpy()
    return QueryData(columns, label, Groups.of(roles[QUERY], position))


def score(dataset: Dataset, model: Model | None, ranker: Ranker | None) -> pl.DataFrame:
    """The roles of each row, its click probability and its ranking score, in order.

    `rank` is the ranker's score, or the probability where there is no ranker.
    """
    frame = dataset.frame([ROLES[role] for role in dataset.manifest.roles])
    frame = frame.rename({ROLES[role]: role for role in dataset.manifest.roles})
    if ranker is None:
        assert model is not None  # a run has a model, a ranker, or both
        probability = model.predict(dataset.batches(_BATCH))
        return frame.with_columns(pl.Series(PROBABILITY, probability), pl.Series(RANK, probability))
    columns, logits = matrix(dataset, model)
    if logits is not None:
        frame = frame.with_columns(pl.Series(PROBABILITY, sigmoid(logits)))
    return frame.with_columns(pl.Series(RANK, ranker.predict(columns)))
