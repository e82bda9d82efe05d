"""Shown rows and their clicks, checked, down to a depth."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, DataError
from ranking.propensity.sums import sums

Array = npt.NDArray[Any]
Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ShownClicks:
    """The rows that stand above `depth`.

    sizes: int64 (queries,), 0 where a query was cut whole. position: int32 (rows,) from 0 at the
    top, increasing within a query. click: float64 (rows,), 0 or 1. kept: bool (rows logged,).
    cluster: int64 (queries,) from 0, what is drawn together for intervals.
    """

    sizes: npt.NDArray[np.int64]
    position: npt.NDArray[np.int32]
    click: Doubles
    depth: int
    kept: npt.NDArray[np.bool_]
    cluster: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls,
        sizes: Array,
        position: Array,
        click: Array,
        depth: int | None,
        cluster: Array | None = None,
    ) -> ShownClicks:
        """Check arrays as all of ranking takes them; `depth` is the deepest position by default,
        and each query a cluster of its own.

        Raises:
            DataError: arrays that do not fit each other, positions out of order, clicks other
                than 0 and 1, or a position above `depth` without clicks.
            ConfigError: `depth` is below 2.
        """
        _check(sizes, position, click)
        deepest = int(position.max()) + 1
        depth = deepest if depth is None else min(depth, deepest)
        if depth < 2:
            raise ConfigError(
                f"Propensities compare positions, so at least 2 are needed; got {depth}. "
                "Use a larger depth, or a log of lists."
            )
        kept = position < depth
        query = np.repeat(np.arange(len(sizes)), sizes)
        inside = np.bincount(query[kept], minlength=len(sizes)).astype(np.int64)
        log = cls(
            inside,
            position[kept].astype(np.int32),
            click[kept].astype(np.float64),
            depth,
            kept,
            _clusters(cluster, len(sizes)),
        )
        silent = np.flatnonzero(log.clicks == 0)
        if len(silent):
            raise DataError(
                f"Every position above the depth must have clicks; position {silent[0]} (from 0) "
                f"has none in {log.impressions[silent[0]]} impressions. Use more data"
                + (f", or depth = {silent[0]}." if silent[0] > 1 else ".")
            )
        return log

    @property
    def query(self) -> npt.NDArray[np.int64]:
        """The number of each row's query."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def impressions(self) -> npt.NDArray[np.int64]:
        """By position."""
        return np.bincount(self.position, minlength=self.depth)

    @property
    def clicks(self) -> npt.NDArray[np.int64]:
        """By position."""
        return self.summed(self.click).astype(np.int64)

    def summed(self, values: Doubles) -> Doubles:
        """Sums by position, float64 (depth,), of values (rows,)."""
        return sums(self.position, values, self.depth)

    def rows(self, values: Array, name: str) -> Array:
        """What belongs to the rows that are kept, of one value for each logged row."""
        if len(values) != len(self.kept):
            raise DataError(
                f"`{name}` must have one value for each row; it has {len(values)} for "
                f"{len(self.kept)} rows. Hand in the arrays of one log."
            )
        return values[self.kept]

    def queries(self, values: Array, name: str) -> Array:
        """One value for each query, as many times as its rows are kept."""
        if len(values) != len(self.sizes):
            raise DataError(
                f"`{name}` must have one value for each query; it has {len(values)} for "
                f"{len(self.sizes)} queries. Hand in the arrays of one log."
            )
        return np.repeat(values, self.sizes)

    def fingerprint(self, *others: Array) -> str:
        """sha256 of what was kept and of the other arrays that an estimate read."""
        digest = hashlib.sha256(str(self.depth).encode())
        read: tuple[Array, ...] = (self.sizes, self.position, self.click, *others)
        for array in read:
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()


def _clusters(cluster: Array | None, queries: int) -> npt.NDArray[np.int64]:
    if cluster is None:
        return np.arange(queries)
    if len(cluster) != queries:
        raise DataError(
            f"`cluster` must have one value for each query; it has {len(cluster)} for {queries} "
            "queries. Hand in the arrays of one log."
        )
    return np.unique(cluster, return_inverse=True)[1].astype(np.int64)


def _check(sizes: Array, position: Array, click: Array) -> None:
    if len(position) == 0 or not len(position) == len(click) == int(np.sum(sizes)):
        raise DataError(
            "A log must have a position and a click for each row that its queries' sizes count; "
            f"got {len(position)} positions, {len(click)} clicks and sizes that sum to "
            f"{int(np.sum(sizes))}. Hand in the arrays of one log."
        )
    if not np.issubdtype(position.dtype, np.integer) or position.min() < 0:
        raise DataError(
            f"Positions must be whole numbers from 0 at the top; got {position.dtype} from "
            f"{position.min()}. Subtract the log's own first position."
        )
    first = np.zeros(len(position), bool)
    starts = np.cumsum(sizes) - sizes
    first[starts[sizes > 0]] = True
    back = ~first[1:] & (np.diff(position.astype(np.int64)) <= 0)
    if back.any():
        row = int(back.argmax()) + 1
        raise DataError(
            "Rows of a query must stand in the order shown, each at its own position; row "
            f"{row} is at {position[row]} after {position[row - 1]}. Sort by query and position, "
            "and remove duplicates."
        )
    other = ~np.isin(click, (0, 1))
    if other.any():
        raise DataError(
            f"Clicks must be 0 or 1; row {int(other.argmax())} has {click[other.argmax()]}. "
            "Map other labels to clicks first."
        )
