"""One pass: observe each batch, merge what was observed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import polars as pl

from features.statistics import Statistic

S = TypeVar("S", bound=Statistic)
Report = Callable[[str, int, int], None]  # stage, rows done, rows known of


def gather(
    frames: Iterable[pl.DataFrame], observe: Callable[[pl.DataFrame], S], stage: str, report: Report
) -> S:
    """The statistic of all rows, one frame in memory at a time."""
    total: S | None = None
    rows = 0
    for frame in frames:
        part = observe(frame)
        total = part if total is None else total.merge(part)
        rows += frame.height
        report(stage, rows, rows)
    assert total is not None  # a source yields at least one row
    return total
