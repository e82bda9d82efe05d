"""`crossrank report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands import evaluation_options as asked_of
from pipelines.commands.options import Format, Json


def report(
    target: Annotated[str, typer.Argument(help="A run, a bundle, or a file of predictions.")],
    out: Annotated[Path, typer.Option(help="The page; *.json writes the numbers alone.")] = Path(
        "report.html"
    ),
    data: asked_of.Data = None,
    part: asked_of.Part = "test",
    metrics: asked_of.Metrics = "",
    by: asked_of.By = "",
    min_rows: asked_of.MinRows = 100,
    cluster: asked_of.Cluster = None,
    importance: Annotated[
        bool, typer.Option("--importance", help="Shuffle each feature, too; it takes a while.")
    ] = False,
    card: Annotated[
        Path | None, typer.Option(help="A TOML file whose [card] is shown. [default: the run's]")
    ] = None,
    label: asked_of.Label = "label",
    score: asked_of.Score = "score",
    query: asked_of.Query = None,
    weight: asked_of.Weight = None,
    position: Annotated[str | None, typer.Option(help="Column of a file of predictions.")] = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Show how good predictions are, on one HTML page for everybody."""
    from pipelines.evaluation.slices import parse_by
    from pipelines.metrics.parse import parse_metrics
    from pipelines.page.write import check_place, write_report
    from pipelines.report.document import document
    from pipelines.report.findings import findings
    from pipelines.report.gather import Request, gather
    from pipelines.report.importance import ablated, shuffled
    from pipelines.report.page import render
    from pipelines.report.summary import lead, verdicts
    from pipelines.targets import Columns

    check_place(out)
    asked = parse_metrics(metrics)
    columns = Columns(label, score, query, weight)
    looked = tuple(parse_by(by))
    request = Request(
        target, data, part, columns, position, looked, min_rows, cluster,
        tuple(name for metric in asked for name in metric.needs_groups), format, card,
    )  # fmt: skip
    with console.stages() as stages:
        found = gather(request)
        worth = shuffled(request, stages) if importance else []
        made = document(found, asked, [*worth, *ablated(found.run, found.part)])
    write_report(out, render, made)
    if as_json:
        console.emit(made)
        return
    said = [lead(made), *verdicts(made), *(text for _, text in findings(made))]
    for line in [*said, f"Wrote {out}"]:
        console.OUT.print(line, markup=False, soft_wrap=True)
