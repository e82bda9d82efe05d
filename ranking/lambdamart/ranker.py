"""What training leaves: trees, and the bias learned with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from features.errors import DataError
from features.files import read_json, write_json
from ranking.best_round import Bias

Floats = npt.NDArray[np.float32]

_AGAIN = "Run `crossrank train` again."


@dataclass(frozen=True)
class Ranker:
    """Trained trees.

    bias: the learned bias of a click, then of a missing click, by position from the top; each
    relative to the first position, exponentiated by the norm: not an examination probability.
    """

    booster: Any
    names: tuple[str, ...]
    bias: Bias

    kind: ClassVar[str] = "xgboost"

    def predict(self, matrix: Floats) -> Floats:
        """Scores float32 (rows,); only their order within a query means anything."""
        scores: Floats = self.booster.inplace_predict(matrix, predict_type="margin")
        return scores

    def save(self, folder: Path) -> None:
        """Write `trees.ubj` and `ranker.json` into a new folder."""
        folder.mkdir(parents=True)
        self.booster.save_model(folder / "trees.ubj")
        about = {"kind": self.kind, "features": self.names, "bias": self.bias}
        write_json(folder / "ranker.json", about)

    @classmethod
    def load(cls, folder: Path) -> Ranker:
        """Raises DataError where the folder is incomplete."""
        document = read_about(folder)
        booster = xgb.Booster()
        try:
            booster.load_model(folder / "trees.ubj")
        except (OSError, xgb.core.XGBoostError) as error:
            raise DataError(
                f"{folder / 'trees.ubj'} must be an XGBoost model: "
                f"{str(error).splitlines()[0]}. {_AGAIN}"
            ) from error
        return cls(booster, tuple(document["features"]), document["bias"])


def read_about(folder: Path) -> dict[str, Any]:
    """What `ranker.json` says. Raises DataError where it is incomplete."""
    document = read_json(folder / "ranker.json", made_by=_AGAIN)
    if not document.keys() >= {"features", "bias"}:
        raise DataError(
            f"{folder / 'ranker.json'} must hold features and bias; it holds "
            f"{', '.join(document) or 'nothing'}. {_AGAIN}"
        )
    return document
