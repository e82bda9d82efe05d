"""A run to a bundle, with what quantization cost on the run's own validation rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from features.dataset.dataset import Dataset
from pipelines.config import Config
from pipelines.run import Run
from pipelines.scoring import PROBABILITY, TASK_PROBABILITY, score
from serving import export as bundles
from serving.bundle import Manifest, digest
from serving.calibration import store as calibrations
from serving.rerank.config import RerankConfig
from serving.scorer import Scorer


@dataclass(frozen=True)
class Exported:
    """A bundle, and the probabilities it gives against those of the trained model.

    largest, mean: absolute difference over `rows` validation rows.
    """

    folder: Path
    manifest: Manifest
    rows: int
    largest: float
    mean: float


def export(
    run: Run,
    out: Path,
    quantize: Literal["int8", "none"] | None = None,
    rules: Config | None = None,
) -> Exported:
    """Write the run's bundle to `out`, and measure it. Its re-ranking is that of the configuration
    `rules`, or of the run.

    Raises:
        ConfigError: the re-ranking reads a column otherwise than the model does.
        BundleError, FingerprintError: the run's parts do not belong together.
        DataError: the run, or the prepared data it was trained on, is incomplete.
    """
    rerank = (rules or run.config).rerank
    if rerank is not None:
        rerank.require(run.encoder.schema)
    metrics = {
        f"{who}.{name}": value
        for who, found in run.metrics.items()
        for name, value in found.items()
    }
    trained = bundles.Trained(
        encoder=run.encoder,
        model=run.model,
        model_encoder=None if run.model is None else run.encoder.fingerprint,
        ranker=run.ranker,
        golden=run.golden,
        data=run.about["data"],
        metrics=metrics,
        name=run.config.name,
        version=_version(run, rerank),
        calibration=run.calibration,
        rerank=rerank,
        cosines=run.cosines,
    )
    manifest = bundles.export(trained, out, quantize or run.config.export.quantize)
    rows, largest, mean = _difference(run, Scorer.load(out))
    return Exported(out, manifest, rows, largest, mean)


def _version(run: Run, rerank: RerankConfig | None) -> str:
    """Twelve hex digits of weights, trees, calibration and re-ranking: what answers depend on."""
    parts = (run.folder / "checkpoint", run.folder / "ranker")
    files = sorted(file for part in parts if part.exists() for file in part.iterdir())
    files += run.folder.glob(calibrations.FILE)
    whole = hashlib.sha256(run.encoder.fingerprint.encode())
    for file in files:
        whole.update(digest(file).encode())
    if rerank is not None:
        whole.update(rerank.model_dump_json().encode())
    return whole.hexdigest()[:12]


def _difference(run: Run, scorer: Scorer) -> tuple[int, float, float]:
    valid = run.prepared.part("valid")
    if run.model is None:
        return valid.rows, 0.0, 0.0
    names = [PROBABILITY, *(TASK_PROBABILITY + task for task in valid.manifest.tasks)]
    exact = score(valid, run.model, None, run.calibration).select(names).to_numpy()
    shipped = np.concatenate([np.column_stack(one) for one in _probabilities(valid, scorer)])
    difference = np.abs(exact.astype(np.float64) - shipped)
    return valid.rows, float(difference.max()), float(difference.mean())


def _probabilities(dataset: Dataset, scorer: Scorer) -> Iterator[list[Any]]:
    """Of each task, by batch."""
    for batch in dataset.batches(8192):
        scores = scorer.score_encoded(batch, rank=False)
        yield [scores.probability, *scores.tasks.values()]
