"""What each feature is worth to the metrics of a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from features.errors import DataError
from pipelines.importance.permutation import MOST, Shuffling, importances
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import QUERY
from pipelines.report.gather import Request
from pipelines.sample import sample
from pipelines.subject import CTR, RANKER, run_or_scorer, subject_of

Report = Callable[[str, int, int], None]

_SEED = 0


def importance_of(request: Request, report: Report) -> Callable[[], dict[str, Any]]:
    """Shuffles each feature of a run or a bundle; DataError, when called, for a file."""

    def measure() -> dict[str, Any]:
        if request.target.is_file():
            raise DataError("A file of predictions has no features to shuffle.")
        target = run_or_scorer(request.target)
        rows = sample(target, request.part, MOST, _SEED, request.data, request.format)
        subject = subject_of(target)
        tables = []
        for metric in _metrics(subject.scorers, queries=QUERY in rows.roles.columns):
            found = importances(subject, rows, metric, Shuffling(seed=_SEED), report)
            tables.append(asdict(found) | {"measure": str(metric)})
        return {"tables": tables}

    return measure


def _metrics(scorers: tuple[str, ...], *, queries: bool) -> list[Metric]:
    """What the click model and the ranker are for."""
    found = ["AUC"] if CTR in scorers else []
    found += ["nDCG@10"] if RANKER in scorers and queries else []
    return [parse_metric(one) for one in found]
