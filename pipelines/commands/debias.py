"""`crossrank debias`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import Json


def debias(
    run: Annotated[Path, typer.Argument(help="A run with a ranker, of a log with positions.")],
    metric: Annotated[
        str, typer.Option(help="Of clicks weighed by examination: dcg, mrr or hits, @ a rank.")
    ] = "dcg@10",
    way: Annotated[
        list[str] | None,
        typer.Option(help="xgboost, pairs, additive, ipw or pointwise. Repeatable. [default: all]"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write a page; *.json writes the numbers alone.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell whether removing position bias helps on this log, and by which way."""
    from pipelines.bias.verdict import verdict
    from pipelines.bias.verdict_page import HEADS, render, rows
    from pipelines.page.write import check_place, write_report
    from pipelines.run import Run
    from ranking.debiasing import ways

    if out is not None:
        check_place(out)
    chosen = ways(way)
    with console.stages() as report:
        found = verdict(Run(run), metric, chosen, report).document()
    if out is not None:
        write_report(out, render, found)
    if as_json:
        console.emit(found)
        return
    console.plain_table(f"{metric} of clicks over examination, on test", HEADS, rows(found))
    console.OUT.print(found["verdict"], markup=False, soft_wrap=True)
