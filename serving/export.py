"""A trained model and ranker to one bundle."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import polars as pl

from features import store
from features.cosines import Cosine
from features.encoder import Encoder
from features.errors import BundleError, FingerprintError
from features.files import replacing
from models.model import Model
from ranking.lambdamart.ranker import Ranker
from ranking.registry import AnyRanker
from serving.bundle import MANIFEST, Manifest, TableEntry, seal
from serving.calibration import store as calibrations
from serving.calibration.store import AnyCalibration
from serving.convert import to_litert
from serving.rerank.config import RerankConfig
from serving.scorer import Scorer
from serving.tables import Storage, save_table

Quantize = Literal["int8", "none"]

# Across processors LiteRT's kernels round differently in the last bits.
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Trained:
    """What there is to export. `model_encoder` is the fingerprint that the model was made for."""

    encoder: Encoder
    model: Model | None
    model_encoder: str | None
    ranker: AnyRanker | None
    golden: pl.DataFrame
    data: str
    metrics: dict[str, float]
    name: str
    version: str
    calibration: AnyCalibration | None = None
    rerank: RerankConfig | None = None
    cosines: tuple[Cosine, ...] = ()


def export(trained: Trained, out: Path, quantize: Quantize) -> Manifest:
    """Write the bundle to `out`, whole or not at all; an earlier bundle there is replaced.

    Raises:
        BundleError: `out` is something else than a bundle, or there is nothing to export.
        FingerprintError: model and encoder were not made from each other.
    """
    if trained.model is None and trained.ranker is None:
        raise BundleError("An export needs a trained model or ranker; the run holds neither.")
    if not isinstance(trained.ranker, Ranker | None):
        raise BundleError(
            f"A bundle's ranker must be of kind {Ranker.kind}, which servers score; this run's is "
            f"of kind {trained.ranker.kind}, to compare with. Train one with ranker.type = "
            f'"{Ranker.kind}", or serve the model alone.'
        )
    if trained.model is not None and trained.model_encoder != trained.encoder.fingerprint:
        raise FingerprintError(
            f"The model must be made for encoder {trained.encoder.fingerprint[:12]}; it was made "
            f"for {str(trained.model_encoder)[:12]}. Run `crossrank train` again."
        )
    if out.exists() and not (out / MANIFEST).exists():
        raise BundleError(
            f"{out} must be a new folder or an earlier bundle; it is neither. Choose another."
        )
    with replacing(out) as work:
        store.save(trained.encoder, work / "encoder")
        tables = {} if trained.model is None else _save_model(work, trained.model, quantize)
        if trained.ranker is not None:
            trained.ranker.save(work / "ranker")
        if trained.calibration is not None:
            calibrations.save(trained.calibration, work)
        manifest = _manifest(trained, quantize, tables)
        seal(work, manifest)
        _golden(work, trained.golden)
        return seal(work, manifest)


def _save_model(work: Path, model: Model, quantize: Quantize) -> dict[str, TableEntry]:
    (work / "dense.tflite").write_bytes(to_litert(model, quantize))
    folder = work / "tables"
    folder.mkdir()
    entries = {}
    for name, table in model.tables.items():
        # One number a row would cost more in scales than it saves.
        storage: Storage = "int8" if quantize == "int8" and table.dim > 2 else "float32"
        save_table(folder, name, table.weights, storage)
        spec = model.specs[name]
        entries[name] = TableEntry(
            storage=storage, rows=table.rows, dim=table.dim, fields=spec.fields, whole=spec.whole
        )
    return entries


def _manifest(trained: Trained, quantize: Quantize, tables: dict[str, TableEntry]) -> Manifest:
    packages = ("crossrank", "polars", "ai-edge-litert", "xgboost", "numpy")
    model: dict[str, Any] | None = None
    if trained.model is not None:
        model = trained.model.config.model_dump(mode="json")
    return Manifest(
        name=trained.name,
        version=trained.version,
        versions={package: version(package) for package in packages},
        encoder=trained.encoder.fingerprint,
        data=trained.data,
        quantize=quantize,
        tables=tables,
        ranker=trained.ranker is not None,
        calibration=trained.calibration is not None,
        metrics=trained.metrics,
        tolerance=_TOLERANCE,
        model=model,
        rerank=trained.rerank,
        cosines=trained.cosines,
    )


def _golden(work: Path, raw: pl.DataFrame) -> None:
    """Requests with the scores that the finished bundle gives them."""
    expected = Scorer.load(work).score(raw).golden
    raw.with_columns(
        **{name: pl.Series(values) for name, values in expected.items()}
    ).write_parquet(work / "golden.parquet")
