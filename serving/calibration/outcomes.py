"""What became of scored rows: all that a calibration is fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.errors import DataError

Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

LEAST = 10  # rows of each label: what two or three parameters need at the very least


@dataclass(frozen=True, eq=False)
class Outcomes:
    """logits: float64 (rows,), finite. labels: float64 (rows,), 0 or 1. weights: float64 (rows,)
    of mean 1, so that their unit means nothing. segments: encoded ids int32 (rows,), if any.
    """

    logits: Doubles
    labels: Doubles
    weights: Doubles
    segments: Ints | None = None

    @classmethod
    def of(
        cls,
        logits: npt.ArrayLike,
        labels: npt.ArrayLike,
        weights: npt.ArrayLike | None = None,
        segments: Ints | None = None,
    ) -> Outcomes:
        """Raises DataError where the rows cannot be calibrated on."""
        x, y = np.asarray(logits, np.float64), np.asarray(labels, np.float64)
        w = np.ones(x.shape) if weights is None else np.asarray(weights, np.float64)
        if x.ndim != 1 or not x.shape == y.shape == w.shape:
            raise DataError(
                "Calibration needs a logit, a label and a weight for each row; got the shapes "
                f"{x.shape}, {y.shape} and {w.shape}. Pass arrays of one length."
            )
        _refuse(~np.isfinite(x), x, "finite logits", "Lower the learning rates and train again.")
        _refuse((y != 0) & (y != 1), y, "labels of 0 or 1", "Map the labels first.")
        positive = np.isfinite(w) & (w > 0)
        _refuse(~positive, w, "weights above 0", "Mend or remove those rows.")
        clicks = int(y.sum())
        require_enough(clicks, len(y) - clicks)
        return cls(x, y, w / w.mean(), segments)

    def take(self, rows: npt.NDArray[np.intp]) -> Outcomes:
        """Raises DataError where those rows alone are too few, or of one label."""
        segments = None if self.segments is None else self.segments[rows]
        return Outcomes.of(self.logits[rows], self.labels[rows], self.weights[rows], segments)


def require_enough(clicks: int, others: int) -> None:
    """Raises DataError: too few rows of a label for anything to be learned of its probability."""
    if min(clicks, others) < LEAST:
        raise DataError(
            f"Calibration needs at least {LEAST} rows of each label in the validation part; it "
            f"has {clicks} of 1 and {others} of 0. Give validation more rows in [data.split], or "
            "remove [calibration]."
        )


def _refuse(bad: npt.NDArray[np.bool_], values: Doubles, wanted: str, fix: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        raise DataError(
            f"Calibration needs {wanted}; {int(bad.sum())} of {len(bad)} rows hold others, the "
            f"first {values[row]} at row {row}. {fix}"
        )
