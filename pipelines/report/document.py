"""Everything a report says, as JSON; the page shows nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import DataError
from pipelines.evaluate import CTR_METRICS, RANKING_METRICS
from pipelines.metrics.metric import Metric
from pipelines.metrics.predictions import QUERY, Predictions
from pipelines.report.bins import bins, equal_mass
from pipelines.report.curves import curves
from pipelines.report.learning import learning
from pipelines.report.positions import positions
from pipelines.report.scored import Scored
from pipelines.report.slices import slices
from pipelines.report.spread import spread
from pipelines.uncertainty.intervals import intervals
from ranking.off_policy.resampling import Resampling

Document = dict[str, Any]

_BINS, _TENTHS = 20, 10


def document(
    found: Scored,
    metrics: Sequence[Metric] = (),
    importance: Sequence[Document] = (),
    settings: Resampling | None = None,
) -> Document:
    """All parts; one that cannot be says why, as its `gap`.

    Raises:
        DataError: scores are missing, or a metric that was asked for is not defined.
    """
    scorer = next(iter(found.scorers))
    data, cluster = found.predictions(scorer), found.cluster
    clusters = data.groups.get(QUERY if cluster is None else cluster)
    probabilities = scorer == "ctr"

    def reliability() -> Document:
        if not probabilities:
            raise DataError("The scores are not probabilities, from 0 to 1.")
        made: Document = {"bins": _reliability(data, clusters), "before": []}
        if "uncalibrated" in found.scorers:
            made["before"] = _reliability(found.predictions("uncalibrated"), clusters)
        return made

    def by_position() -> Document:
        if "position" not in found.frame.columns:
            raise DataError("The rows have no positions; declare data.position, or --position.")
        place = found.frame["position"].to_numpy()
        ranker = None if found.run is None else found.run.ranker
        made = positions(data, place, clusters, ranker)
        return made | {"probabilities": probabilities}

    def by_slice() -> Document:
        if not found.by:
            raise DataError("No column to look by is known; name some: --by device,hour.")
        made = slices(
            found.columns, found.by, found.least, data, cluster, probabilities=probabilities
        )
        if not made["slices"]:
            raise DataError(f"No slice has {found.least} rows; --min-rows asks for fewer.")
        return made

    made = {
        **_about(found, data),
        "metrics": _metrics(found, metrics, cluster, settings),
        "reliability": _gap(reliability, found, binary=True),
        "curves": _gap(lambda: _curves(data, clusters), found, binary=True),
        "spread": spread(data) | {"probabilities": probabilities},
        "slices": _gap(by_slice, found, binary=True),
        "learning": _gap(lambda: _learning(found), found),
        "positions": _gap(by_position, found, binary=True),
        "importance": _gap(lambda: _importance(importance), found),
        "card": found.card,
    }
    return {name: _finite(part) for name, part in made.items()}


def _about(found: Scored, data: Predictions) -> Document:
    weight = np.ones_like(data.labels) if data.weights is None else data.weights
    queries = found.frame["query"] if QUERY in found.frame.columns else None
    positive = data.labels > 0
    skipped = None
    if queries is not None:
        skipped = queries.n_unique() - queries.filter(positive).n_unique()
    ranked = data.ranked(None if queries is None else QUERY)
    return {
        "name": found.name,
        "part": found.part,
        "label": found.label,
        "rows": len(data.labels),
        "queries": None if queries is None else queries.n_unique(),
        "skipped": skipped,
        "positives": int(positive.sum()),
        "rate": float(weight @ data.labels / weight.sum()),
        "binary": found.binary,
        "weighted": data.weights is not None,
        "tied": float(ranked.tie_sizes[ranked.tie_sizes > 1].sum() / len(data.labels)),
        "by": [one.name for one in found.by],
    }


def _metrics(
    found: Scored, asked: Sequence[Metric], cluster: str | None, settings: Resampling | None
) -> dict[str, Document]:
    """By scorer and metric; without `asked`, those that fit and are defined."""
    made: dict[str, Document] = {}
    for scorer in found.scorers:
        data = found.predictions(scorer)
        made[scorer] = {}
        for metric in asked or _fitting(found, scorer):
            if scorer == "ranker" and metric.of_probabilities:
                continue
            try:
                (one,) = intervals([metric], data, cluster, settings).values()
            except DataError:
                if asked:
                    raise
                continue
            made[scorer][str(metric)] = asdict(one)
    for scorer, values in found.truth.items():
        told = made.setdefault(scorer, {})
        told |= {
            name: {"value": value, "low": None, "high": None}
            for name, value in values.items()
            if name not in told
        }
    return made


def _fitting(found: Scored, scorer: str) -> Iterator[Metric]:
    if scorer != "ranker":
        yield from CTR_METRICS
    elif len(found.scorers) == 1 and found.binary:
        yield CTR_METRICS[0]
    if QUERY in found.frame.columns:
        yield from RANKING_METRICS


def _reliability(data: Predictions, clusters: npt.NDArray[Any] | None) -> list[Document]:
    return [asdict(one) for one in bins(equal_mass(data, _BINS), data, clusters).values()]


def _curves(data: Predictions, clusters: npt.NDArray[Any] | None) -> Document:
    if len(np.unique(data.labels if data.weights is None else data.labels[data.weights > 0])) < 2:
        raise DataError(
            f"Every row has the label {data.labels[0]:g}: there is nothing to tell it from."
        )
    made = curves(data)
    tenths = bins(_TENTHS - 1 - equal_mass(data, _TENTHS), data, clusters)
    made["lift"] = [
        asdict(one) | {"tenth": place + 1, "lift": one.observed / made["rate"]}
        | {f"lift_{end}": getattr(one, end) / made["rate"] for end in ("low", "high")}
        for place, one in tenths.items()
    ]  # fmt: skip
    return made


def _learning(found: Scored) -> Document:
    if found.run is None:
        raise DataError("Only a run knows how it was trained.")
    return learning(found.run)


def _importance(tables: Sequence[Document]) -> Document:
    if not tables:
        raise DataError(
            "Of a run or a bundle, --importance measures it, and `crossrank ablate` by training "
            "again."
        )
    return {"tables": list(tables)}


def _gap(make: Callable[[], Document], found: Scored, *, binary: bool = False) -> Document:
    """What `make` makes, or why it cannot be."""
    if binary and not found.binary:
        return {"gap": f"The labels of {found.label} are grades, not 0 and 1."}
    try:
        return make()
    except DataError as error:
        return {"gap": str(error)}


def _finite(value: Any) -> Any:
    """The same with None for numbers that are none, or infinite."""
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
