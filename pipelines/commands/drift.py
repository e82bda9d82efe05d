"""`crossrank drift`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import Format, Json


def drift(
    a: Annotated[str, typer.Argument(help="What was: a log, or a run, a bundle, an encoder.")],
    b: Annotated[str, typer.Argument(help="What is: as A. One of the two must be a log.")],
    threshold: Annotated[float, typer.Option(min=0, help="Of the PSI of a column.")] = 0.2,
    ks: Annotated[float, typer.Option(min=0, help="Of the KS distance of numbers.")] = 0.1,
    unseen: Annotated[float, typer.Option(min=0, help="Of the share of new values.")] = 0.1,
    ignore: Annotated[
        list[str] | None, typer.Option(help="A column that may change. Repeatable.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write a page; *.json writes the numbers alone.")
    ] = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Compare two logs, or a log with an encoder's vocabularies; exit code 2 if one drifted."""
    from pipelines.inspect.compare import compare
    from pipelines.inspect.drift import Thresholds, document
    from pipelines.inspect.drift_page import HEADS, drift_rows, render, verdict
    from pipelines.page.write import check_place, write_report

    if out is not None:
        check_place(out)
    thresholds = Thresholds(threshold, ks, unseen)
    with console.stages() as report:
        found = compare(a, b, thresholds, ignore or [], format, report)
    told = document(found, thresholds, a, b)
    if out is not None:
        write_report(out, render, told)
    if as_json:
        console.emit(told)
    else:
        console.plain_table(f"From {a} to {b}", HEADS, drift_rows(told))
        console.OUT.print(verdict(told), markup=False, soft_wrap=True)
    if found.beyond:
        raise typer.Exit(2)
