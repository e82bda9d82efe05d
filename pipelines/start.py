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
from ranking.lambdamart.ranker import Ranker
from ranking.lightgbm.config import LightGBMConfig

_MODEL, _RANKER = "checkpoint", "ranker/trees.ubj"
_AGAIN = "Name a finished run of `crossrank train`."


@dataclass(frozen=True)
class Start:
    """A run whose encoder grows and whose model learns on, or its ranker where it has no model.

    `identity` is a sha256 of what learns on.
    """

    run: Run
    identity: str

    @classmethod
    def of(cls, folder: Path, config: Config, out: Path) -> Start:
        """For a training of `config` into `out`.

        Raises:
            ConfigError: there is no model to go on from, or to go on with, or `out` is the run.
            DataError, FingerprintError: the run is incomplete, or its files are not of one run.
        """
        if folder.resolve() == out.resolve():
            raise ConfigError(
                f"The run to go on from must stay; {out} is to be written. Choose another --out."
            )
        run = Run(folder)
        _ = run.about  # it is a run
        if config.model is None:
            if isinstance(config.ranker, LightGBMConfig):
                raise ConfigError(
                    "A ranker of XGBoost can go on from an earlier run; one of LightGBM starts "
                    "anew. Leave out --from, or choose another ranker.type."
                )
            return cls(run, _identity(run, "ranker of XGBoost", _RANKER))
        manifest = folder / _MODEL / "model.json"
        identity = _identity(run, "model", f"{_MODEL}/model.json")
        made_for = read_json(manifest, made_by=_AGAIN).get("encoder")
        if made_for != run.encoder.fingerprint:
            raise FingerprintError(
                f"The checkpoint in {folder} belongs to encoder {str(made_for)[:12]}, not to "
                f"{run.encoder.fingerprint[:12]}. {_AGAIN}"
            )
        return cls(run, identity)

    @property
    def ranker(self) -> Ranker | None:
        """The ranker that learns on: that of a run without a model, whose score would change."""
        known = None if (self.run.folder / _MODEL).exists() else self.run.ranker
        return known if isinstance(known, Ranker) else None

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


def _identity(run: Run, what: str, file: str) -> str:
    if not (run.folder / file).exists():
        raise ConfigError(f"The run {run.folder} must have a {what} to go on from; it has none.")
    return hashlib.sha256((run.folder / file).read_bytes()).hexdigest()
