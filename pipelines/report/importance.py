"""What each feature is worth to the metrics of a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from features.files import read_json
from pipelines.importance.ablation import FILE
from pipelines.importance.permutation import MOST, Shuffling, importances
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import QUERY
from pipelines.report.gather import Request
from pipelines.run import Run
from pipelines.sample import sample
from pipelines.subject import CTR, RANKER, run_or_scorer, subject_of

Document = dict[str, Any]
Report = Callable[[str, int, int], None]

_SEED = 0


def shuffled(request: Request, report: Report) -> list[Document]:
    """What each feature of a run or a bundle is worth, as tables; none for a file."""
    if not Path(request.target).is_dir():
        return []
    target = run_or_scorer(Path(request.target))
    rows = sample(target, request.part, MOST, _SEED, request.data, request.format)
    subject = subject_of(target)
    tables = []
    for metric in _metrics(subject.scorers, queries=QUERY in rows.roles.columns):
        found = importances(subject, rows, metric, Shuffling(seed=_SEED), report)
        tables.append(asdict(found) | {"of": str(metric), "ablation": False})
    return tables


def ablated(run: Run | None, part: str | None) -> list[Document]:
    """What `crossrank ablate` left beside a run, of the same part."""
    if run is None:
        return []
    file = run.folder.with_name(f"{run.folder.name}-ablation") / FILE
    if not file.exists():
        return []
    found = read_json(file, made_by="Run `crossrank ablate` again.")
    return [found | {"ablation": True}] if found["part"] == part else []


def _metrics(scorers: tuple[str, ...], *, queries: bool) -> list[Metric]:
    """What the click model and the ranker are for."""
    found = ["AUC"] if CTR in scorers else []
    found += ["nDCG@10"] if RANKER in scorers and queries else []
    return [parse_metric(one) for one in found]
