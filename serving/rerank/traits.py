"""What rules know of the candidates: their columns, each read once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from features.transforms.text import canonical
from serving.problem import BAD_VALUE, RequestError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_VALUE = pl.col("value")


class Traits:
    """The columns of `rows` candidates.

    column: gives the series of a name (rows,), as `serving.values` makes them.
    """

    def __init__(self, rows: int, column: Callable[[str], pl.Series]) -> None:
        self.rows, self._column = rows, column
        self._texts: dict[str, pl.Series] = {}

    def texts(self, name: str) -> pl.Series:
        """The ids of a column, as encoders know them: String (rows,), null where missing."""
        if name not in self._texts:
            series = self._column(name).alias("value")
            text = canonical(_VALUE, series.dtype, name)
            self._texts[name] = series.to_frame().select(text.cast(pl.String)).to_series()
        return self._texts[name]

    def numbers(self, name: str) -> Floats:
        """float64 (rows,), NaN where missing."""
        numbers: Floats = self._column(name).cast(pl.Float64).fill_null(np.nan).to_numpy()
        return numbers

    def codes(self, name: str) -> Ints:
        """Equal for equal ids: int64 (rows,), -1 where missing."""
        ranks = self.texts(name).rank("dense").cast(pl.Int64) - 1
        codes: Ints = ranks.fill_null(-1).to_numpy()
        return codes

    def directions(self, name: str) -> Floats:
        """Vectors of length 1, or 0 where missing: float64 (rows, dim).

        Raises RequestError where they are not equally long, or hold missing values.
        """
        lists = self._column(name)
        known = lists.list.len().fill_null(0).to_numpy()
        wanted = int(known[known > 0][0]) if known.any() else 0
        odd = (known > 0) & (known != wanted)
        if odd.any():
            row = int(odd.argmax())
            raise _uneven(name, row, wanted, f"{known[row]} numbers")
        elements = lists.filter(pl.Series(known > 0)).explode()
        if elements.null_count():
            row = int(np.flatnonzero(known)[elements.is_null().arg_max() // wanted])
            raise _uneven(name, row, wanted, "a missing number")
        vectors = np.zeros((self.rows, wanted))
        vectors[known > 0] = elements.to_numpy().reshape(-1, wanted) if wanted else 0
        return _normalised(vectors)


def _normalised(vectors: Floats) -> Floats:
    # Through the largest number first, whose square might not fit.
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0.0)
    scaled = np.divide(vectors, largest, out=np.zeros_like(vectors), where=largest > 0)
    length = np.sqrt(np.square(scaled).sum(axis=1, keepdims=True))
    directions: Floats = np.divide(scaled, length, out=scaled, where=length > 0)
    return directions


def _uneven(name: str, row: int, wanted: int, came: str) -> RequestError:
    return RequestError(
        BAD_VALUE,
        f"Column '{name}' must hold vectors of {wanted} numbers, as its first is; row {row} holds "
        f"{came}. Send null for a vector that is not known.",
        column=name,
        row=row,
    )
