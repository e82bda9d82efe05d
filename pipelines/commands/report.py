"""`crossrank report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines import console
from pipelines.commands.options import Format, Json


def report(
    target: Annotated[Path, typer.Argument(help="A run, a bundle, or a file of predictions.")],
    out: Annotated[Path, typer.Option(help="The page; *.json writes the numbers alone.")] = Path(
        "report.html"
    ),
    data: Annotated[
        str | None, typer.Option(help="For a bundle: a log, or a configuration and its --part.")
    ] = None,
    part: Annotated[Literal["train", "ranker", "valid", "test"], typer.Option()] = "test",
    metrics: Annotated[
        str, typer.Option(help="For example `AUC,LogLoss,nDCG@10`. [default: those that fit]")
    ] = "",
    by: Annotated[
        str, typer.Option(help="Columns to slice by: `device,hour`. [default: of the features]")
    ] = "",
    cluster: Annotated[
        str | None,
        typer.Option(help="Column of rows that depend on each other. [default: the query]"),
    ] = None,
    importance: Annotated[
        bool, typer.Option("--importance", help="Shuffle each feature, too; it takes a while.")
    ] = False,
    card: Annotated[
        Path | None, typer.Option(help="A TOML file whose [card] is shown. [default: the run's]")
    ] = None,
    label: Annotated[str, typer.Option(help="Column of a file of predictions.")] = "label",
    score: Annotated[str, typer.Option(help="Column of a file of predictions.")] = "score",
    query: Annotated[str | None, typer.Option(help="Column of a file of predictions.")] = None,
    weight: Annotated[str | None, typer.Option(help="Column of a file of predictions.")] = None,
    position: Annotated[str | None, typer.Option(help="Column of a file of predictions.")] = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Show how good predictions are, on one HTML page for everybody."""
    from pipelines.metrics.parse import parse_metrics
    from pipelines.page.write import check_place, write_report
    from pipelines.report.document import document
    from pipelines.report.findings import findings
    from pipelines.report.gather import Request, gather
    from pipelines.report.importance import importance_of
    from pipelines.report.page import render
    from pipelines.report.summary import lead, verdicts
    from pipelines.targets import Columns

    check_place(out)
    asked = parse_metrics(metrics)
    columns = Columns(label, score, query, weight)
    names = tuple(one.strip() for one in by.split(",") if one.strip())
    request = Request(target, data, part, columns, position, names, cluster, format, card)
    with console.stages() as stages:
        measure = importance_of(request, stages) if importance else None
        made = document(gather(request), asked, measure)
    write_report(out, render, made)
    if as_json:
        console.emit(made)
        return
    said = [lead(made), *verdicts(made), *(text for _, text in findings(made))]
    for line in [*said, f"Wrote {out}"]:
        console.OUT.print(line, markup=False, soft_wrap=True)
