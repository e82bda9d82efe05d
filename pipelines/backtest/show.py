"""A backtest for people."""

from __future__ import annotations

from datetime import UTC, datetime

from pipelines import console
from pipelines.backtest.backtest import Backtest, Tested, mean, std
from pipelines.backtest.folds import like_unix
from pipelines.splits.split import PARTS
from pipelines.splits.window import Time


def show(found: Backtest) -> None:
    """The folds; then, by scorer, a row a fold, their mean and their spread."""
    heads = ["fold", "from", "test from", "train", "ranker", "valid", "test"]
    console.table("Folds", heads, [_fold(one) for one in found.measured])
    of_all, of_spread = found.spread(mean), found.spread(std)
    for scorer, metrics in of_all.items():
        cells: list[list[object]] = [
            [one.fold.number, *(one.metrics[scorer][name] for name in metrics)]
            for one in found.measured
        ]
        cells += [["mean", *metrics.values()], ["std", *of_spread[scorer].values()]]
        console.table(f"Backtest, {scorer}", ["fold", *metrics], cells)
    for one in found.tested:
        if one.refused is not None:
            text = f"Fold {one.fold.number} was not tested: {one.refused}"
            console.OUT.print(text, markup=False, soft_wrap=True)


def _fold(one: Tested) -> list[object]:
    split = one.fold.split
    return [
        one.fold.number,
        *(_instant(at, split.column) for at in (split.start, split.test)),
        *(one.rows[part] for part in PARTS),
    ]


def _instant(at: Time | None, column: str | None) -> str:
    """A number that looks like seconds since 1970 as that time; midnight as its day."""
    if not isinstance(at, datetime | None) and column is not None and like_unix(at, at):
        at = datetime.fromtimestamp(at, UTC)
    if not isinstance(at, datetime):
        return str(at)
    return f"{at:%Y-%m-%d}" if at.hour == at.minute == 0 else f"{at:%Y-%m-%d %H:%M}"
