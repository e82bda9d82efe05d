"""One map for all rows."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Self

from features.errors import DataError
from serving.calibration.calibration import Calibration
from serving.calibration.outcomes import Doubles, Ints, Outcomes


class Curve(Calibration):
    """An increasing map of logits alone; segments mean nothing to it."""

    feature: ClassVar[None] = None  # the one whose values are segments

    @classmethod
    @abstractmethod
    def fit(cls, outcomes: Outcomes) -> Self:
        """The curve of the greatest likelihood. Raises DataError where there is none."""

    def logits(self, raw: Doubles, segments: Ints | None = None) -> Doubles:  # noqa: ARG002
        return self.bend(raw)

    @abstractmethod
    def bend(self, raw: Doubles) -> Doubles:
        """Calibrated logits float64 (rows,)."""


def flat() -> DataError:
    """Of rows on which no increasing curve beats a constant."""
    return DataError(
        "Calibration needs a model that tells clicks from the rest; on validation, clicks do not "
        "become likelier with its logit. Look for what the model is missing, give validation "
        "more rows, or remove [calibration]."
    )
