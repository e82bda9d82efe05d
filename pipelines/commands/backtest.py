"""`crossrank backtest`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import ConfigFile, Json, Overrides


def backtest(
    config: ConfigFile,
    overrides: Overrides = None,
    column: Annotated[
        str | None, typer.Option(help="The column of times. [default: that of the split]")
    ] = None,
    period: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="In seconds for times, in the unit of numbers, in rows without a column. "
            "[default: a day, or a tenth of the rows]",
        ),
    ] = None,
    first: Annotated[
        int | None,
        typer.Option(min=1, help="Periods that the first fold trains on. [default: half]"),
    ] = None,
    step: Annotated[
        int, typer.Option(min=1, help="Periods that a fold tests on, and that it moves on by.")
    ] = 1,
    window: Annotated[
        int | None,
        typer.Option(min=1, help="Train on the last so many periods alone. [default: on all]"),
    ] = None,
    metrics: Annotated[
        str, typer.Option(help="For example `AUC,LogLoss,nDCG@10`. [default: those that fit]")
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="The folder of its runs. [default: runs/NAME-backtest]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train on the past and test on the period after it, rolled forward over the log.

    It takes as long as its trainings together. The same command goes on where it was interrupted.
    """
    from pipelines.backtest.backtest import backtest as run
    from pipelines.backtest.folds import Rolling
    from pipelines.backtest.show import show
    from pipelines.config import load_config
    from pipelines.metrics.parse import parse_metrics

    chosen = parse_metrics(metrics)
    loaded = load_config(config, overrides or [])
    rolling = Rolling(column=column, period=period or None, first=first, step=step, window=window)
    folder = out or Path("runs") / f"{loaded.name}-backtest"
    with console.stages() as report:
        found = run(loaded, rolling, folder, report, chosen)
    if as_json:
        console.emit({"out": str(folder), **found.document})
        return
    show(found)
    console.OUT.print(f"Each fold is a run in {folder}", markup=False, soft_wrap=True)
