"""What rules know of the candidates: their columns, each read once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from features.transforms.text import canonical
from serving.problem import BAD_VALUE, RequestError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_VALUE = pl.col("value")


@dataclass(frozen=True)
class Ids:
    """codes: int64 (rows,), equal for equal ids, -1 where missing. known: the code of each id, by
    the text that encoders know it by."""

    codes: Ints
    known: dict[str, int]

    @classmethod
    def of(cls, texts: list[str | None]) -> Ids:
        """Numbered in order of appearance; "" is missing, as it is to encoders."""
        known: dict[str, int] = {}
        codes = [known.setdefault(text, len(known)) if text else -1 for text in texts]
        return cls(np.array(codes, np.int64), known)


class Traits:
    """The columns of `rows` candidates.

    column: gives the series of a name (rows,), as `serving.values` makes them.
    """

    def __init__(self, rows: int, column: Callable[[str], pl.Series]) -> None:
        self.rows, self._column = rows, column
        self._ids: dict[str, Ids] = {}

    def ids(self, name: str) -> Ids:
        """The ids of a column."""
        if name not in self._ids:
            series = self._column(name)
            if series.dtype != pl.String:
                text = canonical(_VALUE, series.dtype, name).cast(pl.String)
                series = series.alias("value").to_frame().select(text).to_series()
            self._ids[name] = Ids.of(series.to_list())
        return self._ids[name]

    def numbers(self, name: str) -> Floats:
        """float64 (rows,), NaN where missing."""
        numbers: Floats = self._column(name).cast(pl.Float64).to_numpy()
        return numbers

    def directions(self, name: str) -> Floats:
        """Vectors of length 1, or 0 where missing: float64 (rows, dim).

        Raises RequestError where they are not equally long, or hold missing values.
        """
        # Arrow's own arrays: a query of Polars would take longer than all the rest.
        lists = self._column(name).cast(pl.List(pl.Float64)).to_arrow()
        known = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        wanted = int(known[known > 0][0]) if known.any() else 0
        odd = (known > 0) & (known != wanted)
        if odd.any():
            row = int(odd.argmax())
            raise _uneven(name, row, wanted, f"{known[row]} numbers")
        elements = lists.flatten()
        if elements.null_count:
            missing = elements.is_null().to_numpy(zero_copy_only=False).argmax()
            row = int(np.flatnonzero(known)[missing // wanted])
            raise _uneven(name, row, wanted, "a missing number")
        vectors = np.zeros((self.rows, wanted))
        if wanted:
            flat = elements.to_numpy(zero_copy_only=False)
            vectors[known > 0] = flat.reshape(-1, wanted)
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
