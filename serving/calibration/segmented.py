"""A curve for each value of a feature."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field

from features.errors import DataError
from serving.calibration.calibration import Calibration
from serving.calibration.curves import CURVES, AnyCurve
from serving.calibration.outcomes import Doubles, Ints, Outcomes

Row = Annotated[int, Field(ge=0)]


class Segmented(Calibration):
    """The curve of the segment a row is in, or `default` for segments that have none.

    feature: the id feature whose encoded values are the segments; the row of missing values and
    that of unseen ones are segments like any other.
    """

    type: Literal["segmented"] = "segmented"
    feature: str
    default: AnyCurve
    segments: dict[Row, AnyCurve]

    @classmethod
    def fit(cls, kind: str, feature: str, outcomes: Outcomes, min_rows: int) -> Self:
        """A curve of type `kind` for each segment of at least `min_rows` rows that allow one.

        Raises:
            DataError: no curve can be fitted to all rows together.
        """
        segments, curve = outcomes.segments, CURVES[kind]
        assert segments is not None
        order = np.argsort(segments, kind="stable")
        values, starts = np.unique(segments[order], return_index=True)
        found: dict[int, AnyCurve] = {}
        for value, rows in zip(values, np.split(order, starts[1:]), strict=True):
            if len(rows) >= min_rows:
                try:
                    found[int(value)] = curve.fit(outcomes.take(rows))
                except DataError:
                    continue  # of one label, say: the curve of all rows knows better
        return cls(feature=feature, default=curve.fit(outcomes), segments=found)

    def logits(self, raw: Doubles, segments: Ints | None) -> Doubles:
        assert segments is not None  # the caller encoded the rows, so it has them
        if not self.segments:
            return self.default.bend(raw)
        rows, curves = self._sorted
        place = np.minimum(np.searchsorted(rows, segments), len(rows) - 1)
        which = np.where(rows[place] == segments, place, len(rows))  # (rows,), the last: default
        out = np.empty_like(raw)
        for one in np.unique(which):
            chosen = which == one
            out[chosen] = curves[one].bend(raw[chosen])
        return out

    @cached_property
    def _sorted(self) -> tuple[Ints, list[AnyCurve]]:
        rows = sorted(self.segments)
        return np.array(rows, np.int32), [*(self.segments[row] for row in rows), self.default]
