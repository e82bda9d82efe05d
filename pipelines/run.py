"""A run directory: everything one training left behind."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from features import store
from features.cosines import Cosine
from features.encoder import Encoder
from features.errors import FingerprintError
from features.files import read_json
from pipelines.config import Config, check_config
from pipelines.prepare import Prepared
from pipelines.progressive.report import FILE as PROGRESSIVE
from pipelines.progressive.report import Report
from pipelines.stacking.opinions import Asked, Kept, cosines_of
from ranking import registry as rankers
from ranking.registry import AnyRanker
from serving.calibration import store as calibrations
from serving.calibration.store import AnyCalibration

if TYPE_CHECKING:
    from models.model import Model

RUN = "run.json"
_AGAIN = "Run `crossrank train` again."
_PACKAGES = (
    "crossrank",
    "tensorflow",
    "tf-keras",
    "xgboost",
    "lightgbm",
    "polars",
    "pyarrow",
    "numpy",
)


@dataclass(frozen=True)
class Run:
    """A finished run: config.json, run.json, metrics.json, history.json (validation by epoch and
    round, sparsity by table), encoder/ with the schema, checkpoint/, calibration.json and ranker/
    where there is one; out_of_fold.npy (what the ranker learned of the model, by training row),
    progressive.json, tensorboard/ and mlflow.json where they were asked for;
    golden.parquet.
    """

    folder: Path

    @cached_property
    def about(self) -> dict[str, Any]:
        """Seed, versions, commit, fingerprints, and where the prepared data lies."""
        return read_json(self.folder / RUN, made_by=_AGAIN)

    @cached_property
    def config(self) -> Config:
        base = Path(self.about["base"])
        return check_config(read_json(self.folder / "config.json", made_by=_AGAIN), base)

    @cached_property
    def metrics(self) -> dict[str, dict[str, float]]:
        """On validation, by scorer: ctr, ranker, and further tasks by name."""
        return read_json(self.folder / "metrics.json", made_by=_AGAIN)

    @property
    def progressive(self) -> Report | None:
        """What progressive validation found, where the training was one."""
        file = self.folder / PROGRESSIVE
        if not file.exists():
            return None
        return Report.model_validate(read_json(file, made_by=_AGAIN))

    @cached_property
    def history(self) -> dict[str, Any]:
        """What `epochs` and `rounds` came to, and the `sparsity` of tables."""
        return read_json(self.folder / "history.json", made_by=_AGAIN)

    @cached_property
    def encoder(self) -> Encoder:
        return store.load(self.folder / "encoder")

    @cached_property
    def prepared(self) -> Prepared:
        """Raises DataError where the prepared data was removed."""
        return Prepared((self.folder / self.about["prepared"]).resolve())

    @cached_property
    def model(self) -> Model | None:
        if not (self.folder / "checkpoint").exists():
            return None
        from models import checkpoint  # TensorFlow takes seconds to import

        model, encoder = checkpoint.load(self.folder / "checkpoint")
        if encoder != self.encoder.fingerprint:
            raise FingerprintError(
                f"The checkpoint in {self.folder} belongs to encoder {encoder[:12]}, not to "
                f"{self.encoder.fingerprint[:12]}. {_AGAIN}"
            )
        return model

    @cached_property
    def cosines(self) -> tuple[Cosine, ...]:
        """What its ranker is given of the model beside the logit."""
        return cosines_of(self.config, self.encoder.layout)

    @cached_property
    def ranker(self) -> AnyRanker | None:
        folder = self.folder / "ranker"
        return rankers.load(folder) if folder.exists() else None

    @cached_property
    def opinions(self) -> Asked | None:
        """What its model says to its ranker."""
        return None if self.model is None else Asked(self.model, self.cosines)

    @property
    def unseen(self) -> Kept | None:
        """What was said of the training rows by models that had not seen them."""
        stacking = self.config.stacking
        return None if stacking is None or stacking.folds is None else Kept.load(self.folder)

    @cached_property
    def calibration(self) -> AnyCalibration | None:
        if not (self.folder / calibrations.FILE).exists():
            return None
        return calibrations.load(self.folder, self.encoder.layout, _AGAIN)

    @property
    def golden(self) -> pl.DataFrame:
        return pl.read_parquet(self.folder / "golden.parquet")


def about(config: Config, prepared: Prepared, folder: Path) -> dict[str, Any]:
    """What run.json says."""
    return {
        "name": config.name,
        "base": str(config.base),
        "prepared": os.path.relpath(prepared.folder.resolve(), folder.resolve()),
        "encoder": prepared.encoder.fingerprint,
        "data": prepared.about["data"],
        "rows": prepared.about["rows"],
        "seed": getattr(config.train, "seed", None),
        "versions": {"python": platform.python_version(), **versions()},
        "commit": _commit(config.base),
    }


def versions() -> dict[str, str]:
    """Of the packages that a run depends on, as far as they are installed."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _commit(base: Path) -> str | None:
    """The commit of the repository that the configuration lies in."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(base), "describe", "--always", "--dirty", "--abbrev=40"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None
