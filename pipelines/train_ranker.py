"""Prepared data to a trained ranker, on top of a CTR model where there is one."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from features.dataset.dataset import Dataset
from features.layout import Layout
from pipelines.bias.clusters import clustered, clusters
from pipelines.bias.train import debiased
from pipelines.config import Config
from pipelines.judge import judge_of, metric_of
from pipelines.prepare import Prepared, Report
from pipelines.scoring import matrix, query_data, query_pages
from pipelines.stacking.opinions import Asked, Kept, Opinions
from ranking.lambdamart.pages import Pages
from ranking.lambdamart.ranker import Ranker
from ranking.lambdamart.train import train
from ranking.lightgbm import train as on_lightgbm
from ranking.lightgbm.config import LightGBMConfig
from ranking.query_data import QueryData
from ranking.registry import AnyRanker

Metrics = dict[str, float]


def train_ranker(
    config: Config,
    prepared: Prepared,
    opinions: Asked | None,
    report: Report,
    work: Path,
    start: Ranker | None = None,
    unseen: Kept | None = None,
) -> tuple[AnyRanker, list[Metrics]]:
    """The ranker of the round that is best on validation, and every round's metrics.

    `opinions` are those of the model; where `unseen` are given, of its own training rows, the
    ranker learns from these rows. Pages of rows, where they are asked for, lie in `work` while it
    trains. From the ranker that is the `start`, where there is one, it learns on.
    """
    settings = config.ranker
    assert settings is not None
    own, said = learned(prepared, opinions, unseen)
    part = prepared.part("valid")
    names = names_of(own.layout, opinions)
    valid = query_data(part, matrix(part, opinions)[0])
    judge = judge_of(metric_of(settings.metric), valid)
    history: list[Metrics] = []

    def progress(done: int, metrics: Metrics) -> None:
        history.append({"round": done, **metrics})
        report("train ranker", done, settings.rounds)

    if isinstance(settings, LightGBMConfig):
        mine = query_data(own, matrix(own, said)[0])
        return on_lightgbm.train(settings, names, mine, valid, judge, progress), history
    if config.bias is not None and config.bias.way is not None:
        of = clusters(config)
        mine = clustered(query_data(own, matrix(own, said)[0]), own, of)
        valid = clustered(valid, part, of)
        return debiased(config, names, mine, valid, judge, report, work, start)
    with TemporaryDirectory(prefix=".pages-", dir=work) as folder:
        data = _data(own, said, settings.page_rows, Path(folder))
        ranker = train(settings, names, data, valid, judge, progress, start=start)
    return ranker, history


def learned(
    prepared: Prepared, opinions: Asked | None, unseen: Kept | None
) -> tuple[Dataset, Opinions | None]:
    """The rows that a ranker learns from, and what is said of them.

    Never by a model that was fitted to them: it would be overconfident about its own.
    """
    if opinions is None or unseen is not None:
        return prepared.part("train"), unseen
    return prepared.part("ranker"), opinions


def names_of(layout: Layout, opinions: Asked | None) -> tuple[str, ...]:
    """Of a ranker's columns."""
    return layout.matrix_names(
        logit=opinions is not None, cosines=() if opinions is None else opinions.names
    )


def _data(
    own: Dataset, opinions: Opinions | None, page_rows: int | None, folder: Path
) -> QueryData | Pages:
    if page_rows is None:
        return query_data(own, matrix(own, opinions)[0])
    return Pages(query_pages(own, opinions, page_rows), folder)
