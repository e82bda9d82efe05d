"""Trees of LightGBM that rank."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, DataError
from features.files import write_json
from ranking.best_round import Bias
from ranking.lambdamart.ranker import read_about

Floats = npt.NDArray[np.float32]


def library() -> Any:
    """LightGBM. Raises ConfigError where it is not installed."""
    try:
        import lightgbm
    except ImportError:
        raise ConfigError(
            'ranker.type = "lightgbm" needs LightGBM, which is not installed here. '
            "Install crossrank with its lightgbm extra: pip install 'crossrank[lightgbm]'."
        ) from None
    return lightgbm


@dataclass(frozen=True)
class LightGBMRanker:
    """Trained trees. The bias of positions that LightGBM learned, it tells nobody."""

    booster: Any
    names: tuple[str, ...]
    bias: Bias = field(default_factory=dict)

    kind: ClassVar[str] = "lightgbm"

    def predict(self, matrix: Floats) -> Floats:
        """Scores float32 (rows,); only their order within a query means anything."""
        return np.asarray(self.booster.predict(matrix, raw_score=True), np.float32)

    def save(self, folder: Path) -> None:
        """Write `trees.txt` and `ranker.json` into a new folder."""
        folder.mkdir(parents=True)
        (folder / "trees.txt").write_text(self.booster.model_to_string(), encoding="utf-8")
        about = {"kind": self.kind, "features": self.names, "bias": self.bias}
        write_json(folder / "ranker.json", about)

    @classmethod
    def load(cls, folder: Path) -> LightGBMRanker:
        """Raises DataError where the folder is incomplete, ConfigError without LightGBM."""
        document, lightgbm = read_about(folder), library()
        file = folder / "trees.txt"
        again = "Run `crossrank train` again."
        try:
            text = file.read_text(encoding="utf-8")
            if not text.startswith("tree\n") or "\nend of trees\n" not in text:
                raise DataError(f"{file} must be a model of LightGBM; it is another text. {again}")
            booster = lightgbm.Booster(model_str=text)
        except (OSError, UnicodeDecodeError, lightgbm.basic.LightGBMError) as error:
            raise DataError(f"{file} must be a model of LightGBM: {error}. {again}") from error
        return cls(booster, tuple(document["features"]), document["bias"])
