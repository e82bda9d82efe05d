"""What a log tells of how likely each position is to be examined, as a checked JSON file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError, model_validator

from features.errors import ConfigError, DataError
from features.files import read_json, write_json
from ranking.propensity.trust_bias import TrustBias

Doubles = npt.NDArray[np.float64]

_AGAIN = "Estimate the propensities again."


class Propensity(BaseModel):
    """Examination of each position relative to the top, with its 95% interval.

    estimator, settings: who estimated it, and how. examination, low, high: by position, the top
    being 1. impressions, clicks: what was logged there. trust: where it was asked for.
    fingerprint: sha256 of the data it was estimated from. assumes: in plain words, what must
    hold of those data for the numbers to mean anything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    format: Literal[1] = 1
    estimator: str = Field(min_length=1)
    settings: dict[str, bool | int | float | str | None]
    examination: tuple[float, ...] = Field(min_length=1)
    low: tuple[float, ...]
    high: tuple[float, ...]
    impressions: tuple[NonNegativeInt, ...]
    clicks: tuple[NonNegativeInt, ...]
    trust: TrustBias | None = None
    fingerprint: str = Field(pattern=r"^[0-9a-f]{64}$")
    assumes: str = Field(min_length=1)

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        lengths = {
            name: len(getattr(self, name))
            for name in ("examination", "low", "high", "impressions", "clicks")
        }
        if self.trust is not None:
            lengths["trust.alpha"] = len(self.trust.alpha)
        if len(set(lengths.values())) > 1:
            raise ValueError(f"every position needs every number; the lengths are {lengths}")
        if self.examination[0] != 1:
            raise ValueError(f"examination at the top must be 1; got {self.examination[0]:g}")
        for k, (low, middle, high) in enumerate(
            zip(self.low, self.examination, self.high, strict=True)
        ):
            if not (middle > 0 and 0 <= low <= middle <= high):
                raise ValueError(
                    f"examination must be above 0 and inside its interval; at position {k} it is "
                    f"{middle:g} in [{low:g}, {high:g}]"
                )
            if self.clicks[k] > self.impressions[k]:
                raise ValueError(
                    f"clicks cannot outnumber impressions; at position {k} there are "
                    f"{self.clicks[k]} of {self.impressions[k]}"
                )
        return self

    @property
    def depth(self) -> int:
        """How many positions have a number of their own."""
        return len(self.examination)

    def at(self, position: npt.NDArray[np.integer]) -> Doubles:
        """Examination float64 (rows,) of positions (rows,) from 0; beyond the depth, the last.

        Raises DataError where a position is negative.
        """
        if len(position) and position.min() < 0:
            raise DataError(
                f"Positions are counted from 0 at the top; got {position.min()}. "
                "Subtract the log's own first position."
            )
        values: Doubles = np.asarray(self.examination)[np.minimum(position, self.depth - 1)]
        return values

    def clipped(self, minimum: float) -> Propensity:
        """The same, nowhere below `minimum`: weights 1 / examination then stay bounded.

        Raises ConfigError where `minimum` is not in (0, 1].
        """
        if not 0 < minimum <= 1:
            raise ConfigError(
                f"The minimum of a propensity must be above 0 and at most 1; got {minimum:g}. "
                "Choose one such as 0.05."
            )
        cut = {
            name: tuple(max(minimum, value) for value in getattr(self, name))
            for name in ("examination", "low", "high")
        }
        settings = {**self.settings, "minimum": minimum}
        return self.model_copy(update={**cut, "settings": settings})

    def save(self, path: Path) -> None:
        """Write one JSON file."""
        write_json(path, self.model_dump(mode="json"))

    @classmethod
    def load(cls, path: Path) -> Propensity:
        """Raises DataError where the file is absent, damaged, or of another format."""
        document = read_json(path, made_by=_AGAIN)
        known = cls.model_fields["format"].default
        if document.get("format") != known:
            raise DataError(
                f"{path} must be of format {known}; it says {document.get('format')!r}. {_AGAIN}"
            )
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise DataError(
                f"{path} must hold propensities; at '{where}': {first['msg']}. {_AGAIN}"
            ) from error
