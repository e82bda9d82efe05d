"""A trained model and ranker to one bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
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
from serving.convert import Compute, to_litert
from serving.rerank.config import RerankConfig
from serving.scorer import Scorer
from serving.tables.layout import TableLayout
from serving.tables.write import write_table

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


@dataclass(frozen=True)
class Stored:
    """How the model is kept: `name` says it in a word.

    layouts: by table; those left out are float32. kept: of pruned tables, bool (rows,).
    network: the arithmetic of the dense network.
    """

    name: str
    layouts: Mapping[str, TableLayout]
    network: Compute
    kept: Mapping[str, npt.NDArray[np.bool_]] = field(default_factory=dict)


def export(
    trained: Trained, out: Path, stored: Stored, check: Callable[[Path], None] | None = None
) -> Manifest:
    """Write the bundle to `out`, whole or not at all; an earlier bundle there is replaced.

    `check` is given the folder of the bundle as it will be, and may add files or refuse it.

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
        tables = {} if trained.model is None else _save_model(work, trained.model, stored)
        if trained.ranker is not None:
            trained.ranker.save(work / "ranker")
        if trained.calibration is not None:
            calibrations.save(trained.calibration, work)
        manifest = _manifest(trained, stored.name, tables)
        seal(work, manifest)
        _golden(work, trained.golden)
        if check is not None:
            seal(work, manifest)
            check(work)
        return seal(work, manifest)


def _save_model(work: Path, model: Model, stored: Stored) -> dict[str, TableEntry]:
    (work / "dense.tflite").write_bytes(to_litert(model, stored.network))
    folder = work / "tables"
    folder.mkdir()
    entries = {}
    for name, table in model.tables.items():
        whole = TableLayout.uniform(table.rows, table.dim, "float32")
        layout = stored.layouts.get(name, whole)
        write_table(folder, name, table.view[:, : table.dim], layout, stored.kept.get(name))
        spec = model.specs[name]
        entries[name] = TableEntry(layout=layout, fields=spec.fields, whole=spec.whole)
    return entries


def _manifest(trained: Trained, quantize: str, tables: dict[str, TableEntry]) -> Manifest:
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
