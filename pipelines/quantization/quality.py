"""What a bundle's probabilities are worth against those of the model it was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from features.errors import BundleError
from features.suggest import listing
from pipelines.evaluate import predictions
from pipelines.metrics.auc import AUC
from pipelines.metrics.calibration import PCOC
from pipelines.metrics.evaluate import evaluate
from pipelines.metrics.loss import LogLoss
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.ranking import NDCG

FILE = "quality.json"
_METRICS: tuple[Metric, ...] = (AUC(), LogLoss(), PCOC())


@dataclass(frozen=True)
class Quality:
    """Over `rows` validation rows.

    exact, shipped: metrics by name, of the model and of the bundle. largest, mean: absolute
    difference of the probabilities. correlation: Spearman's, of the rows of a query, averaged
    over the queries in which both vary; None without queries.
    """

    rows: int
    exact: Mapping[str, float]
    shipped: Mapping[str, float]
    largest: float
    mean: float
    correlation: float | None

    def document(self) -> dict[str, Any]:
        return asdict(self)

    def lost(self, name: str) -> float:
        """By how much the bundle is worse; away from 1 for a measure that is best there."""
        before, after = self.exact[name], self.shipped[name]
        better = parse_metric(name).higher_is_better
        if better is None:
            return abs(after - 1) - abs(before - 1)
        return before - after if better else after - before

    def beyond(self, budget: Mapping[str, float]) -> list[str]:
        """What was lost beyond the budget, in words. Raises BundleError for a metric not held."""
        unknown = [name for name in budget if name not in self.exact]
        if unknown:
            raise BundleError(
                f"export.budget must name metrics that validation has ({listing(self.exact)}); "
                f"got '{unknown[0]}'."
            )
        return [
            f"{name} lost {self.lost(name):.2g} of at most {most:g}"
            for name, most in budget.items()
            if self.lost(name) > most
        ]


def quality(scored: pl.DataFrame, exact: str, shipped: str) -> Quality:
    """Of rows with a label, and where known `query` and `weight`, scored in two columns.

    Measures that are not defined for the rows, as AUC of one class, are left out.
    """
    differences = np.abs(scored[exact].to_numpy() - scored[shipped].to_numpy(), dtype=np.float64)
    held = _METRICS + ((NDCG(cutoff=10),) if "query" in scored.columns else ())
    both = scored["label"].n_unique() > 1
    found = [
        evaluate(held if both else (LogLoss(),), predictions(scored, column))
        for column in (exact, shipped)
    ]
    return Quality(
        rows=scored.height,
        exact=found[0],
        shipped=found[1],
        largest=float(differences.max()),
        mean=float(differences.mean()),
        correlation=_correlation(scored, exact, shipped) if "query" in scored.columns else None,
    )


def _correlation(scored: pl.DataFrame, exact: str, shipped: str) -> float | None:
    varied = pl.col(exact).n_unique().gt(1) & pl.col(shipped).n_unique().gt(1)
    ranks = (pl.corr(exact, shipped, method="spearman")).alias("correlation")
    found = scored.group_by("query").agg(ranks, varied.alias("varied")).filter("varied")
    mean = found["correlation"].mean()
    return None if mean is None else float(mean)  # type: ignore[arg-type]
