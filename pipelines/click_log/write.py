"""From judged documents to a click log on disk, with its truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from features.errors import ConfigError
from features.files import read_json, replacing, write_json
from pipelines.click_log.config import ClickLogConfig
from pipelines.click_log.judged import Judged
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranking import NDCG
from ranking.clicks.pages import Pages, Variant
from ranking.clicks.production import Production
from ranking.clicks.traffic import Impressions, sessions
from ranking.clicks.users import relevance, user

_FORMAT: Final = "crossrank-clicks-1"
_TRUTH: Final = "truth.json"
_MEASURE: Final = NDCG(cutoff=10, gain="exp2")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WrittenClicks:
    """What was written.

    By position: ctr, and the means of P(looked at) and of P(click). loggers: the nDCG@10 of each,
    of a gain of 2^grade - 1.
    """

    rows: int
    sessions: int
    clicks: int
    ctr: list[float]
    examination: list[float]
    click_probability: list[float]
    loggers: list[dict[str, Any]]


def write_clicks(
    judged: Judged, config: ClickLogConfig, out: Path, on_sessions: Callable[[int], None]
) -> WrittenClicks:
    """Write `log/`, whose rows are what users saw and clicked, and the truth beside it, to `out`.

    `truth/documents.parquet` holds the grade and the relevance of every document, `truth.json` the
    users, and what they looked at by position. An interrupted run leaves no `out`.

    Raises:
        ConfigError: `out` exists and is something else than an earlier click log.
        DataError: the documents teach a logger nothing.
    """
    _refuse_foreign(out)
    scores = _scores(judged, config)
    pages = Pages.of(scores, judged.sizes, config.depth, config.shuffle, config.swap)
    worth = relevance(judged.grade, config.noise, float(judged.grade.max()))
    users = user(config.click_model, config.eta, config.depth)
    stream = sessions(pages, worth, users, config.sessions, _random(config, 0))
    with replacing(out) as folder:
        (folder / "log").mkdir()
        (folder / "truth").mkdir()
        tables = _Tables(judged, config.loggers)
        counter = _Counter(config.depth)
        with pq.ParquetWriter(folder / "log" / "part-00000.parquet", tables.schema) as file:
            for shown in stream:
                file.write_table(tables.log(shown))
                counter.add(shown)
                on_sessions(counter.sessions)
        pq.write_table(tables.documents(worth), folder / "truth" / "documents.parquet")
        written = counter.result(_quality(judged, scores, config.loggers))
        write_json(
            folder / _TRUTH,
            {
                "format": _FORMAT,
                "config": config.model_dump(mode="json"),
                "users": users.model_dump(mode="json"),
                **asdict(written),
            },
        )
    return written


def _random(config: ClickLogConfig, stream: int) -> np.random.Generator:
    """0 is the traffic, the others are the loggers, so that one more leaves those before alone."""
    return np.random.default_rng(np.random.SeedSequence(config.seed, spawn_key=(stream,)))


def _scores(judged: Judged, config: ClickLogConfig) -> Floats:
    """Of each logger, (loggers, rows)."""
    return np.stack(
        [
            Production.parse(name).scores(
                judged.matrix, judged.grade, judged.sizes, _random(config, i)
            )
            for i, name in enumerate(config.loggers, 1)
        ]
    )


class _Tables:
    """Arrow tables of one set of judged documents."""

    def __init__(self, judged: Judged, loggers: tuple[str, ...]) -> None:
        ids = judged.query.to_arrow()
        self._judged = judged
        self._ids = ids.cast(pa.string()) if pa.types.is_large_string(ids.type) else ids
        self._document = judged.document
        self._loggers = pa.array([f"{i}:{name}" for i, name in enumerate(loggers)])
        self._variants = pa.array([one.name for one in Variant])
        self.schema = pa.schema(
            [
                ("session", pa.int64()),
                ("query", self._ids.type),
                ("document", pa.int32()),
                ("logger", pa.string()),
                ("variant", pa.string()),
                ("position", pa.int32()),
                ("propensity", pa.float64()),
                ("click", pa.int8()),
                *((name, pa.float32()) for name in self._names),
            ]
        )

    @property
    def _names(self) -> Iterator[str]:
        taken = {"session", "query", "document", "logger", "variant", "position", "propensity"}
        for name in self._judged.names:
            yield f"feature_{name}" if name in taken | {"click"} else name

    def log(self, shown: Impressions) -> Any:
        features = self._judged.matrix[shown.row].T
        columns = [
            shown.session,
            self._ids.take(pa.array(shown.query)),
            self._document[shown.row],
            self._loggers.take(pa.array(shown.logger)),
            self._variants.take(pa.array(shown.variant)),
            shown.lists.position,
            shown.propensity,
            shown.click.astype(np.int8),
            *(np.ascontiguousarray(one) for one in features),
        ]
        return pa.Table.from_arrays([pa.array(one) for one in columns], schema=self.schema)

    def documents(self, worth: Floats) -> Any:
        judged = self._judged
        return pa.table(
            {
                "query": self._ids.take(pa.array(judged.of_row)),
                "document": self._document,
                "grade": judged.grade.astype(np.int32),
                "relevance": worth,
            }
        )


class _Counter:
    """Sums by position."""

    def __init__(self, depth: int) -> None:
        self._sums = np.zeros((4, depth))  # rows, clicks, looks, click probabilities
        self.sessions = 0

    def add(self, shown: Impressions) -> None:
        position, depth = shown.lists.position, self._sums.shape[1]
        self.sessions += len(shown.lists.sizes)
        self._sums[0] += np.bincount(position, minlength=depth)
        weights = np.stack([shown.click, shown.examined, shown.probability])
        for total, weight in zip(self._sums[1:], weights, strict=True):
            total += np.bincount(position, weight, depth)

    def result(self, loggers: list[dict[str, Any]]) -> WrittenClicks:
        rows, *sums = self._sums[:, self._sums[0] > 0]
        ctr, examination, probability = ((one / rows).tolist() for one in sums)
        clicks = int(sums[0].sum())
        return WrittenClicks(
            int(rows.sum()), self.sessions, clicks, ctr, examination, probability, loggers
        )


def _quality(judged: Judged, scores: Floats, loggers: tuple[str, ...]) -> list[dict[str, Any]]:
    grade = judged.grade.astype(np.float64)
    return [
        {
            "logger": name,
            "ndcg": _MEASURE.compute(
                Predictions(labels=grade, scores=score, groups={"query": judged.of_row})
            ),
        }
        for name, score in zip(loggers, scores, strict=True)
    ]


def _refuse_foreign(out: Path) -> None:
    if out.exists() and not (
        (out / _TRUTH).is_file() and read_json(out / _TRUTH, made_by="").get("format") == _FORMAT
    ):
        raise ConfigError(
            f"{out} must be a new folder or an earlier click log; it is neither. "
            "Name another folder, or remove this one yourself."
        )
