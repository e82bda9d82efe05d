"""A backtest for people."""

from __future__ import annotations

from datetime import UTC, datetime

from pipelines import console
from pipelines.backtest.backtest import Backtest, Tested, mean, std
from pipelines.splits.window import Time


def show(found: Backtest) -> None:
    """A table a scorer: a row a fold, then the mean and the spread over folds."""
    of_all, of_spread = found.spread(mean), found.spread(std)
    for scorer, metrics in of_all.items():
        cells: list[list[object]] = [
            [one.fold.number, *_when(one), *(one.metrics[scorer][name] for name in metrics)]
            for one in found.measured
        ]
        cells += [["mean", "", "", "", *metrics.values()]]
        cells += [["std", "", "", "", *of_spread[scorer].values()]]
        console.table(
            f"Backtest, {scorer}", ["fold", "test from", "train", "test", *metrics], cells
        )
    for one in found.tested:
        if one.refused is not None:
            text = f"Fold {one.fold.number} was not tested: {one.refused}"
            console.OUT.print(text, markup=False, soft_wrap=True)


def _when(one: Tested) -> list[object]:
    learned = sum(one.rows[part] for part in ("train", "ranker", "valid"))
    return [_instant(one.fold.split.test, one.fold.split.column), learned, one.rows["test"]]


def _instant(at: Time, column: str | None) -> str:
    """A number that looks like a time since 1970 as that time."""
    if not isinstance(at, datetime) and column is not None and 6.3e8 < at < 4.2e9:
        at = datetime.fromtimestamp(at, UTC)
    return f"{at:%Y-%m-%d %H:%M}" if isinstance(at, datetime) else str(at)
