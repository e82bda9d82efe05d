"""Calibrating a model on its validation part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from features.dataset.dataset import LABEL, QUERY, WEIGHT, Dataset, role_column
from features.errors import ConfigError, DataError
from features.schema import Schema
from features.sigmoid import sigmoid
from features.suggest import listing, nearest
from features.transforms.bucketize import Bucketize
from features.transforms.id import Id
from pipelines.scoring import BATCH, PROBABILITY, RANK, segments_of
from serving.calibration.curves import CURVES
from serving.calibration.outcomes import Outcomes, require_enough
from serving.calibration.segmented import Segmented
from serving.calibration.store import AnyCalibration

if TYPE_CHECKING:
    from models.model import Model

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]


class CalibrationConfig(BaseModel):
    """Which curve maps logits to probabilities, fitted on validation.

    With `segment`, the name of a feature whose value is one id, each value with at least
    `min_rows` validation rows gets a curve of its own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["platt", "beta", "isotonic"]
    segment: str | None = None
    min_rows: int = Field(default=1000, ge=1)

    def require(self, schema: Schema) -> None:
        """Raises ConfigError: `segment` is no feature whose value is one id."""
        known = [one.name for one in schema.features if _is_one_id(one)]
        if self.segment is not None and self.segment not in known:
            raise ConfigError(
                "calibration.segment must be the name of a feature whose value is one id, of: "
                f"{listing(known) or 'none is declared'}; got '{self.segment}'."
                f"{nearest(self.segment, known)}"
            )

    def fit(self, outcomes: Outcomes) -> AnyCalibration:
        """Raises DataError: no increasing curve fits these rows better than a constant."""
        if self.segment is None:
            return CURVES[self.type].fit(outcomes)
        return Segmented.fit(self.type, self.segment, outcomes, self.min_rows)


def _is_one_id(feature: object) -> bool:
    return isinstance(feature, Bucketize) or (isinstance(feature, Id) and feature.hashes == 1)


@dataclass(frozen=True)
class Calibrated:
    """What was fitted to all validation rows, and a fair view of it.

    held_out: probabilities float32 (rows,) of the validation rows, those of either half by what
    was fitted to the other, since a calibration flatters the rows that it was fitted to.
    """

    calibration: AnyCalibration
    held_out: Floats

    def fair(self, valid: pl.DataFrame) -> pl.DataFrame:
        """The scored validation rows with the held-out probabilities instead."""
        held = pl.Series(self.held_out)
        named = [PROBABILITY, RANK] if valid[RANK].equals(valid[PROBABILITY]) else [PROBABILITY]
        return valid.with_columns(held.alias(name) for name in named)


def require_rows(valid: Dataset) -> None:
    """Raises DataError, before anything is trained, where validation is too small."""
    labels = valid.manifest.labels
    assert labels is not None  # a configuration names the label
    require_enough(labels.positives, labels.rows - labels.positives)


def calibrate(config: CalibrationConfig, model: Model, valid: Dataset) -> Calibrated:
    """Fit on the validation part, weights respected.

    Raises:
        DataError: the rows are too few, or the model tells clicks from the rest no better than
            chance.
    """
    held = [role_column(role) for role in valid.manifest.roles]
    roles = valid.frame([one for one in (LABEL, WEIGHT, QUERY) if one in held])
    outcomes = Outcomes.of(
        model.logits(valid.batches(BATCH)),
        roles[LABEL].to_numpy(),
        roles[WEIGHT].to_numpy() if WEIGHT in held else None,
        segments_of(valid, config.segment),
    )
    # Rows shown together stay together, for one of them tells of the others.
    units = roles[QUERY].rank("dense").to_numpy() if QUERY in held else np.arange(valid.rows)
    even, odd = np.flatnonzero(units % 2 == 0), np.flatnonzero(units % 2 == 1)
    held_out = np.empty(valid.rows, np.float32)
    held_out[odd] = _fitted_to(even, odd, outcomes, config)
    held_out[even] = _fitted_to(odd, even, outcomes, config)
    return Calibrated(config.fit(outcomes), held_out)


def _fitted_to(own: Rows, other: Rows, outcomes: Outcomes, config: CalibrationConfig) -> Floats:
    """Probabilities of the rows `other`, by what is fitted to the rows `own`."""
    logits, segments = outcomes.logits[other], outcomes.segments
    half = config.model_copy(update={"min_rows": config.min_rows // 2})
    try:
        fitted = half.fit(outcomes.take(own))
    except DataError:  # what the whole allows may be too much for its half
        return sigmoid(logits)
    return fitted.apply(logits, None if segments is None else segments[other])
