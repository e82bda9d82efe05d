"""A run to a bundle, with what quantization cost on the run's own validation rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features.dataset.dataset import Dataset
from features.errors import BundleError, ConfigError
from features.files import write_json
from pipelines.config import Config
from pipelines.quantization.config import ExportConfig
from pipelines.quantization.plan import Plan
from pipelines.quantization.quality import FILE, Quality, quality
from pipelines.quantization.stored import judged, stored
from pipelines.run import Run
from pipelines.scoring import PROBABILITY, TASK_PROBABILITY, score
from serving import export as bundles
from serving.bundle import Manifest, digest
from serving.calibration import store as calibrations
from serving.rerank.config import RerankConfig
from serving.scorer import Scorer

_SHIPPED = "shipped"
_WORST = 3  # fields that a refusal names


@dataclass(frozen=True)
class Exported:
    """A bundle, and what its probabilities are worth; None without a model."""

    folder: Path
    manifest: Manifest
    quality: Quality | None
    plan: Plan | None


def export(
    run: Run, out: Path, config: ExportConfig | None = None, rules: Config | None = None
) -> Exported:
    """Write the run's bundle to `out`, and measure it. Its re-ranking is that of the configuration
    `rules`, or of the run.

    Raises:
        ConfigError: the re-ranking reads a column otherwise than the model does; no choice of
            widths is within its budget, or there is no model to have one.
        BundleError, FingerprintError: the run's parts do not belong together; the bundle's
            quality is beyond its budget.
        DataError: the run, or the prepared data it was trained on, is incomplete.
    """
    config = config or run.config.export
    rerank = (rules or run.config).rerank
    if rerank is not None:
        rerank.require(run.encoder.schema)
    if run.model is None and config.budget:
        raise ConfigError(
            "export.budget is of a click model's probabilities; this run has none. Leave it out."
        )
    kept, plan = stored(run, config)
    found: list[Quality] = []

    def check(work: Path) -> None:
        if run.model is None:
            return
        found.append(_quality(run, Scorer.load(work)))
        _refuse(run, config, found[0], plan)
        document = found[0].document() | ({} if plan is None else _widths(plan))
        write_json(work / FILE, document)

    manifest = bundles.export(_trained(run, rerank), out, kept, check)
    return Exported(out, manifest, found[0] if found else None, plan)


def _trained(run: Run, rerank: RerankConfig | None) -> bundles.Trained:
    metrics = {
        f"{who}.{name}": value
        for who, found in run.metrics.items()
        for name, value in found.items()
    }
    return bundles.Trained(
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


def _quality(run: Run, scorer: Scorer) -> Quality:
    """Of the main task; the differences of the probabilities are of all tasks."""
    valid = run.prepared.part("valid")
    scored = score(valid, run.model, None, run.calibration)
    names = [PROBABILITY, *(TASK_PROBABILITY + task for task in valid.manifest.tasks)]
    shipped = np.concatenate([np.column_stack(one) for one in _probabilities(valid, scorer)])
    found = quality(scored.with_columns(pl.Series(_SHIPPED, shipped[:, 0])), PROBABILITY, _SHIPPED)
    difference = np.abs(scored.select(names).to_numpy().astype(np.float64) - shipped)
    return replace(found, largest=float(difference.max()), mean=float(difference.mean()))


def _probabilities(dataset: Dataset, scorer: Scorer) -> Iterator[list[Any]]:
    """Of each task, by batch."""
    for batch in dataset.batches(8192):
        scores = scorer.score_encoded(batch, rank=False)
        yield [scores.probability, *scores.tasks.values()]


def _widths(plan: Plan) -> dict[str, Any]:
    return {
        "float_bytes": plan.float_bytes,
        "bytes": plan.chosen.bytes,
        "front": [[point.bytes, point.loss] for point in plan.front],
        "fields": {
            name: {"bytes": size, "loss": loss} for name, (size, loss) in plan.fields.items()
        },
    }


def _refuse(run: Run, config: ExportConfig, found: Quality, plan: Plan | None) -> None:
    """Raise BundleError where more was lost than the budget allows, and name the worst fields."""
    beyond = found.beyond(config.budget)
    if not beyond:
        return
    fields = plan.fields if plan else _fields(run, config)
    worst = sorted(fields, key=lambda name: -fields[name][1])[:_WORST]
    named = ", ".join(f"{name} ({fields[name][1]:.2g})" for name in worst)
    raise BundleError(
        f"The bundle must stay within export.budget on validation; {'; '.join(beyond)}. The fields "
        f"whose rows add most to the loss: {named or 'none'}. Allow more bits, or a larger budget."
    )


def _fields(run: Run, config: ExportConfig) -> Mapping[str, tuple[int, float]]:
    if config.quantize == "none":
        return {}
    return judged(run, config.examples).fields(config.quantize)
