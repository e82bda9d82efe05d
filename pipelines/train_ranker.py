"""Prepared data to a trained ranker, on top of a CTR model where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.config import Config
from pipelines.prepare import Prepared, Report
from pipelines.scoring import matrix, query_data
from ranking import lambdamart
from ranking.lambdamart import Ranker

if TYPE_CHECKING:
    from models.model import Model

Metrics = dict[str, float]


def train_ranker(
    config: Config, prepared: Prepared, model: Model | None, report: Report
) -> tuple[Ranker, list[Metrics]]:
    """The ranker of the round that is best on validation, and every round's metrics."""
    settings = config.ranker
    assert settings is not None
    # Rows the model was not fitted to: it would be overconfident about its own.
    own = prepared.part("train" if model is None else "ranker")
    valid = prepared.part("valid")
    names = list(own.layout.matrix_names(logit=model is not None))
    history: list[Metrics] = []

    def progress(done: int, metrics: Metrics) -> None:
        history.append({"round": done, **metrics})
        report("train ranker", done, settings.rounds)

    ranker = lambdamart.train(
        settings,
        names,
        query_data(own, matrix(own, model)[0]),
        query_data(valid, matrix(valid, model)[0]),
        progress,
    )
    return ranker, history
