"""Whether a bundle is whole and scores as when it was exported, and how fast."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from serving.bundle import Manifest
from serving.scorer import Scorer

ROWS = (1, 100, 500)
_REPEATS = 50


@dataclass(frozen=True)
class Verified:
    """largest: difference from the golden scores. milliseconds: median of scoring so many raw
    rows, by their number, on one thread."""

    manifest: Manifest
    largest: float
    milliseconds: dict[int, float]


def verify(folder: Path, rows: Sequence[int] = ROWS) -> Verified:
    """Check every file's hash, the parts against each other, and the golden requests.

    Raises:
        BundleError: the bundle is damaged, or scores otherwise than when it was exported.
    """
    scorer = Scorer.load(folder)
    largest = scorer.verify(folder)
    golden = pl.read_parquet(folder / "golden.parquet")
    return Verified(scorer.manifest, largest, {many: _time(scorer, golden, many) for many in rows})


def _time(scorer: Scorer, golden: pl.DataFrame, rows: int) -> float:
    times = -(-rows // golden.height)
    frame = pl.concat([golden] * times).head(rows).select(scorer.encoder.schema.columns)
    found = []
    for _ in range(_REPEATS):
        begun = time.perf_counter()
        scorer.score(frame)
        found.append(time.perf_counter() - begun)
    return float(np.median(found)) * 1000
