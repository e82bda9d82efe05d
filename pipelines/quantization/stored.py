"""From a run and its export configuration to how its bundle stores the model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from features.batch import Batch
from features.dataset.dataset import Dataset
from pipelines.quantization.config import ExportConfig
from pipelines.quantization.plan import Judged, Plan
from pipelines.run import Run
from serving.export import Stored
from serving.tables.layout import TableLayout
from serving.tables.storage import Storage

_BATCH = 4096


def stored(run: Run, config: ExportConfig) -> tuple[Stored, Plan | None]:
    """How tables and network are kept; with mixed widths also the plan that they are of.

    Raises:
        ConfigError: no widths are within the budget.
    """
    if run.model is None or config.quantize == "none":
        return Stored("none", {}, config.network_or_default), None
    if config.quantize == "mixed":
        made = judged(run, config.examples).plan(config.size, config.loss_or_default)
        return Stored("mixed", made.layouts, config.network_or_default, made.kept), made
    kind: Storage = config.quantize
    layouts = {
        name: TableLayout.uniform(table.rows, table.dim, kind)
        for name, table in run.model.tables.items()
    }
    return Stored(kind, layouts, config.network_or_default), None


def judged(run: Run, examples: int) -> Judged:
    """What each width of each part of the run's tables costs, by as many training rows."""
    from models.curvature import curvatures

    assert run.model is not None
    found, seen = curvatures(run.model, _sample(run.prepared.part("train"), examples))
    return Judged.of(run.model, found, seen)


def _sample(dataset: Dataset, examples: int) -> Iterator[Batch]:
    """Batches spread evenly over the rows, of as many examples or all."""
    stride = max(1, dataset.rows // examples)
    for batch in dataset.batches(_BATCH * stride):
        yield batch.take(np.arange(0, batch.rows, stride))
