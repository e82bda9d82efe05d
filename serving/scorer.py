"""Raw rows to scores, from a bundle alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl
import xgboost as xgb

from features import store
from features.batch import Batch
from features.cosines import Cosines, Readable
from features.encoder import Encoder
from features.errors import BundleError, ConfigError, CrossrankError, DataError
from features.layout import Layout
from features.rows import RowSpace
from features.schema import Schema
from features.sigmoid import sigmoid
from serving.bundle import Manifest, open_bundle
from serving.calibration import store as calibrations
from serving.calibration.store import AnyCalibration
from serving.dense import DenseNetwork
from serving.embedder import Embedder
from serving.rerank.config import RerankConfig
from serving.tables.files import load_table
from serving.tables.stored import StoredTable

Floats = npt.NDArray[np.float32]

# Expected scores in the golden requests; a further task's name follows the last.
PROBABILITY, RANK, TASK = "__probability", "__rank", "__probability:"


@dataclass(frozen=True)
class Scores:
    """probability: of a click, calibrated where the bundle says how, float32 (rows,), or None
    without a CTR model.
    rank: what to order candidates by, float32 (rows,), higher first.
    tasks: probabilities of further labels by name, float32 (rows,).
    """

    probability: Floats | None
    rank: Floats
    tasks: dict[str, Floats] = field(default_factory=dict)

    @property
    def golden(self) -> dict[str, Floats]:
        """What is expected of golden requests, by column."""
        known = {} if self.probability is None else {PROBABILITY: self.probability}
        return {RANK: self.rank, **known, **{TASK + name: one for name, one in self.tasks.items()}}


class Scorer:
    """Scores as the trained model would, with no training code in the process.

    Safe to call from several threads at once.
    """

    def __init__(
        self,
        manifest: Manifest,
        encoder: Encoder,
        tables: dict[str, StoredTable],
        dense: DenseNetwork | None,
        booster: Any | None,
        calibration: AnyCalibration | None = None,
    ) -> None:
        self.manifest, self.encoder = manifest, encoder
        self._dense, self.booster = dense, booster
        self._embed = Embedder(encoder.layout, tables, manifest.tables)
        self.cosines = _cosines(encoder.layout, manifest, tables)
        self.calibration, self._segment = calibration, _segment(encoder.layout, calibration)

    @classmethod
    def load(cls, folder: Path, threads: int = 1) -> Self:
        """Check and map a bundle; `threads` calls may then run side by side.

        Raises:
            BundleError: the bundle is damaged, or its parts do not belong together.
        """
        manifest = open_bundle(folder)
        try:
            encoder = store.load(folder / "encoder")
        except CrossrankError as error:
            raise BundleError(str(error)) from error
        if encoder.fingerprint != manifest.encoder:
            raise BundleError(
                f"The bundle must hold encoder {manifest.encoder[:12]}; it holds "
                f"{encoder.fingerprint[:12]}. Export the model again."
            )
        _check_rerank(manifest.rerank, encoder.schema)
        for name, entry in manifest.tables.items():
            rows = RowSpace(encoder.layout, entry.fields).rows
            if entry.layout.rows != rows:
                raise BundleError(
                    f"Table '{name}' must have {rows} rows for this encoder; the manifest says "
                    f"{entry.layout.rows}. Export the model again."
                )
        tables = {
            name: load_table(folder / "tables", name, entry.layout)
            for name, entry in manifest.tables.items()
        }
        dense = DenseNetwork(folder / "dense.tflite", threads) if tables else None
        if dense is not None and dense.tasks != 1 + len(encoder.schema.tasks):
            raise BundleError(
                f"dense.tflite must give {1 + len(encoder.schema.tasks)} logits a row, one for "
                f"each label of the schema; it gives {dense.tasks}. Export the model again."
            )
        booster = _booster(folder, encoder.layout, manifest) if manifest.ranker else None
        calibration = _calibration(folder, encoder.layout) if manifest.calibration else None
        return cls(manifest, encoder, tables, dense, booster, calibration)

    def score(self, frame: pl.DataFrame, *, rank: bool = True) -> Scores:
        """Score raw rows. `rank=False` leaves the ranker out and ranks by probability.

        Raises:
            SchemaError: a column is missing or of the wrong type.
            DataError: a number is too large.
        """
        return self.score_encoded(self.encoder.batch(frame), rank=rank)

    def score_encoded(self, batch: Batch, *, rank: bool = True) -> Scores:
        """Score rows that this bundle's encoder has encoded.

        Raises:
            DataError: a number is too large.
        """
        self._check_numbers(batch)
        logits = probability = None
        tasks: dict[str, Floats] = {}
        if self._dense is not None:
            logits, *further = self.logits(batch).T
            probability = self._probability(logits, batch)
            named = zip(self.encoder.schema.tasks, further, strict=True)
            tasks = {name: sigmoid(one) for name, one in named}
        if self.booster is not None and (rank or probability is None):
            columns = batch.matrix(logits, self.cosines(batch))
            ranked = self.booster.inplace_predict(columns, predict_type="margin")
            return Scores(probability, ranked, tasks)
        assert probability is not None  # a bundle holds a CTR model, a ranker, or both
        return Scores(probability, probability, tasks)

    def _probability(self, logits: Floats, batch: Batch) -> Floats:
        if self.calibration is None:
            return sigmoid(logits)
        segments = None if self._segment is None else batch.ids[:, self._segment]
        return self.calibration.apply(logits, segments)

    def _check_numbers(self, batch: Batch) -> None:
        finite = np.isfinite(batch.numerics)
        if not finite.all():
            row, field = np.argwhere(~finite)[0]
            raise DataError(
                f"Feature '{self.encoder.layout.numeric_names[field]}' must fit float32 once "
                f"scaled; row {row} does not. Mend the number, or send it as missing."
            )

    def logits(self, batch: Batch) -> Floats:
        """Of the CTR model, which the bundle must hold: float32 (rows, tasks).

        Raises:
            DataError: a number is too large.
        """
        assert self._dense is not None
        logits = self._dense(self._embed(batch)).reshape(batch.rows, self._dense.tasks)
        finite = np.isfinite(logits).all(1)
        if not finite.all():
            raise DataError(
                f"Numbers must be of a size that training saw; row {np.argmin(finite)} overflows "
                "the network. Mend its numbers, or send them as missing."
            )
        return logits

    def verify(self, folder: Path) -> float:
        """Score the bundle's golden requests; returns the largest difference from expectation.

        Raises:
            BundleError: the difference exceeds the manifest's tolerance.
        """
        golden = pl.read_parquet(folder / "golden.parquet")
        expected = [name for name in golden.columns if name.startswith((PROBABILITY, RANK))]
        found = self.score(golden.drop(expected)).golden
        worst = max(
            float(np.abs(values - golden[name].to_numpy()).max()) for name, values in found.items()
        )
        if not worst <= self.manifest.tolerance:
            raise BundleError(
                f"Golden requests must score within {self.manifest.tolerance:g} of what the "
                f"export saw; the largest difference is {worst:g}. This machine or these "
                "versions compute otherwise: export again here."
            )
        return worst


def _check_rerank(rerank: RerankConfig | None, schema: Schema) -> None:
    try:
        if rerank is not None:
            rerank.require(schema)
    except ConfigError as error:
        raise BundleError(str(error)) from error


def _calibration(folder: Path, layout: Layout) -> AnyCalibration:
    try:
        return calibrations.load(folder, layout, "Export the model again.")
    except DataError as error:
        raise BundleError(str(error)) from error


def _segment(layout: Layout, calibration: AnyCalibration | None) -> int | None:
    """Which column of `Batch.ids` holds the segments of a calibration."""
    feature = None if calibration is None else calibration.feature
    return None if feature is None else [one.name for one in layout.ids].index(feature)


def _cosines(layout: Layout, manifest: Manifest, tables: dict[str, StoredTable]) -> Cosines:
    read = {
        name: Readable(RowSpace(layout, manifest.tables[name].fields), table.gather)
        for name, table in tables.items()
    }
    try:
        return Cosines(layout, manifest.cosines, read)
    except ConfigError as error:
        raise BundleError(f"{error} Export the model again.") from error


def _booster(folder: Path, layout: Layout, manifest: Manifest) -> Any:
    booster = xgb.Booster()
    try:
        booster.load_model(folder / "ranker" / "trees.ubj")
    except xgb.core.XGBoostError as error:
        reason = str(error).splitlines()[0]
        raise BundleError(
            f"ranker/trees.ubj must be an XGBoost model; loading it failed: {reason}."
        ) from error
    cosines = [one.name for one in manifest.cosines]
    columns = len(layout.matrix_names(logit=bool(manifest.tables), cosines=cosines))
    if booster.num_features() != columns:
        raise BundleError(
            f"ranker/trees.ubj must read the {columns} columns that the manifest tells; it reads "
            f"{booster.num_features()}. Export the model again."
        )
    booster.set_param({"nthread": 1})
    return booster
