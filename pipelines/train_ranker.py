"""Prepared data to a trained ranker, on top of a CTR model where there is one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from features.dataset.dataset import Dataset
from features.errors import ConfigError
from pipelines.bias.train import debiased
from pipelines.config import Config
from pipelines.judge import judge_of, metric_of
from pipelines.prepare import Prepared, Report
from pipelines.scoring import matrix, query_data, query_pages
from ranking.lambdamart.pages import Pages
from ranking.lambdamart.ranker import Ranker
from ranking.lambdamart.train import train
from ranking.lightgbm import train as on_lightgbm
from ranking.lightgbm.config import LightGBMConfig
from ranking.query_data import QueryData
from ranking.registry import AnyRanker

if TYPE_CHECKING:
    from models.model import Model

Metrics = dict[str, float]


def train_ranker(
    config: Config,
    prepared: Prepared,
    model: Model | None,
    report: Report,
    work: Path,
    start: Ranker | None = None,
) -> tuple[AnyRanker, list[Metrics]]:
    """The ranker of the round that is best on validation, and every round's metrics.

    Pages of rows, where they are asked for, lie in `work` while it trains. From the ranker that is
    the `start`, where there is one, it learns on.
    """
    settings = config.ranker
    assert settings is not None
    # Rows the model was not fitted to: it would be overconfident about its own.
    own = prepared.part("train" if model is None else "ranker")
    part = prepared.part("valid")
    names = own.layout.matrix_names(logit=model is not None)
    valid = query_data(part, matrix(part, model)[0])
    judge = judge_of(metric_of(settings.metric), valid)
    history: list[Metrics] = []

    def progress(done: int, metrics: Metrics) -> None:
        history.append({"round": done, **metrics})
        report("train ranker", done, settings.rounds)

    if isinstance(settings, LightGBMConfig):
        mine = query_data(own, matrix(own, model)[0])
        return on_lightgbm.train(settings, names, mine, valid, judge, progress), history
    if config.bias is not None and config.bias.way is not None:
        mine = query_data(own, matrix(own, model)[0])
        _refuse_start(start)
        return debiased(config, names, mine, valid, judge, report, work)
    with TemporaryDirectory(prefix=".pages-", dir=work) as folder:
        data = _data(own, model, settings.page_rows, Path(folder))
        ranker = train(settings, names, data, valid, judge, progress, start=start)
    return ranker, history


def _refuse_start(start: Ranker | None) -> None:
    if start is not None:
        raise ConfigError(
            "A ranker goes on from an earlier one by XGBoost's own objectives alone; bias.way is "
            "given. Train anew, or remove it."
        )


def _data(
    own: Dataset, model: Model | None, page_rows: int | None, folder: Path
) -> QueryData | Pages:
    if page_rows is None:
        return query_data(own, matrix(own, model)[0])
    return Pages(query_pages(own, model, page_rows), folder)
