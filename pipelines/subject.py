"""What is taken apart to see what its scores are made of: a run or a bundle, over encoded rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from features.batch import Batch
from features.encoder import Encoder
from features.errors import ConfigError
from features.sigmoid import sigmoid
from pipelines.run import RUN, Run
from pipelines.scoring import BATCH
from ranking.lambdamart.ranker import Ranker
from ranking.registry import AnyRanker
from serving.bundle import MANIFEST
from serving.calibration.store import AnyCalibration
from serving.scorer import Scorer

CTR, RANKER = "ctr", "ranker"  # the scorers, as evaluation names them

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Subject:
    """A CTR model, a ranker, or a ranker on top of a model.

    `logits` gives those of the main task, float32 (rows,), before any calibration; `cosines` what
    else the ranker is given of the model, float32 (rows, pairs).
    """

    encoder: Encoder
    logits: Callable[[Batch], Floats] | None
    ranker: AnyRanker | None
    calibration: AnyCalibration | None = None
    cosines: Callable[[Batch], Floats] | None = None

    @classmethod
    def of_run(cls, run: Run) -> Subject:
        model, opinions = run.model, run.opinions
        logits = None if model is None else lambda batch: model.logits(blocks(batch))
        cosines = None if opinions is None else opinions.cosines
        return cls(run.encoder, logits, run.ranker, run.calibration, cosines)

    @classmethod
    def of_bundle(cls, scorer: Scorer) -> Subject:
        def logits(batch: Batch) -> Floats:
            return np.concatenate([scorer.logits(block)[:, 0] for block in blocks(batch)])

        tables = bool(scorer.manifest.tables)
        cosines = [one.name for one in scorer.manifest.cosines]
        names = scorer.encoder.layout.matrix_names(logit=tables, cosines=cosines)
        ranker = None if scorer.booster is None else Ranker(scorer.booster, names, {})
        own = logits if tables else None
        return cls(scorer.encoder, own, ranker, scorer.calibration, scorer.cosines)

    @property
    def scorers(self) -> tuple[str, ...]:
        found = {CTR: self.logits, RANKER: self.ranker}
        return tuple(name for name, one in found.items() if one is not None)

    def score(self, batch: Batch) -> dict[str, Floats]:
        """By scorer, float32 (rows,): calibrated probabilities and the ranker's scores."""
        found = {}
        logits = None if self.logits is None else self.logits(batch)
        if logits is not None:
            found[CTR] = self._probability(logits, batch)
        if self.ranker is not None:
            found[RANKER] = self.ranker.predict(self.matrix(batch, logits))
        return found

    def matrix(self, batch: Batch, logits: Floats | None) -> Floats:
        """The ranker's columns, float32 (rows, columns), given what `logits` says of them."""
        return batch.matrix(logits, None if self.cosines is None else self.cosines(batch))

    def _probability(self, logits: Floats, batch: Batch) -> Floats:
        if self.calibration is None:
            return sigmoid(logits)
        feature = self.calibration.feature
        if feature is None:
            return self.calibration.apply(logits, None)
        place = [one.name for one in self.encoder.layout.ids].index(feature)
        return self.calibration.apply(logits, batch.ids[:, place])


def blocks(batch: Batch) -> list[Batch]:
    """The rows a few at a time."""
    return [batch.take(slice(at, at + BATCH)) for at in range(0, batch.rows, BATCH)]


def run_or_scorer(target: Path) -> Run | Scorer:
    """Raises ConfigError where the folder is neither a run nor a bundle."""
    if (target / RUN).exists():
        return Run(target)
    if (target / MANIFEST).exists():
        return Scorer.load(target)
    raise ConfigError(
        f"{target} must be a run ({RUN}) or a bundle ({MANIFEST}); it is neither. "
        "`crossrank train` makes runs, `crossrank export` bundles."
    )


def subject_of(target: Run | Scorer) -> Subject:
    return Subject.of_run(target) if isinstance(target, Run) else Subject.of_bundle(target)
