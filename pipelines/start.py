"""The finished run that a training goes on from."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.encoder import Encoder
from features.errors import ConfigError, FingerprintError
from features.files import read_json
from pipelines.config import Config
from pipelines.run import Run

_MODEL = "checkpoint"
_AGAIN = "Name a finished run of `crossrank train`."


@dataclass(frozen=True)
class Start:
    """A run whose encoder grows and whose model learns on; `identity` is a sha256 of its model."""

    run: Run
    identity: str

    @classmethod
    def of(cls, folder: Path, config: Config, out: Path) -> Start:
        """For a training of `config` into `out`.

        Raises:
            ConfigError: there is no model to go on from, or to go on with, or `out` is the run.
            DataError, FingerprintError: the run is incomplete, or its files are not of one run.
        """
        if config.model is None:
            raise ConfigError("A [model] can go on from an earlier run; a [ranker] starts anew.")
        if folder.resolve() == out.resolve():
            raise ConfigError(
                f"The run to go on from must stay; {out} is to be written. Choose another --out."
            )
        run, manifest = Run(folder), folder / _MODEL / "model.json"
        _ = run.about  # it is a run
        if not manifest.exists():
            raise ConfigError(f"The run {folder} must have a model to go on from; it has none.")
        made_for = read_json(manifest, made_by=_AGAIN).get("encoder")
        if made_for != run.encoder.fingerprint:
            raise FingerprintError(
                f"The checkpoint in {folder} belongs to encoder {str(made_for)[:12]}, not to "
                f"{run.encoder.fingerprint[:12]}. {_AGAIN}"
            )
        return cls(run, hashlib.sha256(manifest.read_bytes()).hexdigest())

    @property
    def checkpoint(self) -> Path:
        """The folder of its model."""
        return self.run.folder / _MODEL

    @property
    def encoder(self) -> Encoder:
        return self.run.encoder

    def about(self, out: Path) -> dict[str, Any]:
        """What the new run's run.json says of it."""
        place = os.path.relpath(self.run.folder.resolve(), out.resolve())
        return {"run": place, "model": self.identity}
