"""`crossrank evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines import console
from pipelines.commands.options import Format, Json


def evaluate(
    target: Annotated[Path, typer.Argument(help="A run, a bundle, or a file of predictions.")],
    data: Annotated[
        str | None, typer.Option(help="For a bundle: a log, or a configuration and its --part.")
    ] = None,
    part: Annotated[Literal["train", "ranker", "valid", "test"], typer.Option()] = "test",
    metrics: Annotated[
        str, typer.Option(help="For example `AUC,LogLoss,nDCG@10`. [default: those that fit]")
    ] = "",
    label: Annotated[str, typer.Option(help="Column of a file of predictions.")] = "label",
    score: Annotated[str, typer.Option(help="Column of a file of predictions.")] = "score",
    query: Annotated[str | None, typer.Option(help="Column of a file of predictions.")] = None,
    weight: Annotated[str | None, typer.Option(help="Column of a file of predictions.")] = None,
    format: Format = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write labels and scores, row by row, as Parquet.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a run, a bundle, or a file of predictions made elsewhere."""
    from pipelines.evaluate import evaluate_scores
    from pipelines.metrics.parse import parse_metrics
    from pipelines.targets import Columns, scored_rows
    from pipelines.truth import against_truth

    chosen = parse_metrics(metrics)
    columns = Columns(label, score, query, weight)
    scored, truth = scored_rows(target, data, part, columns, format)
    results = evaluate_scores(scored, chosen)
    if truth is not None and not chosen:
        for who, found in against_truth(scored, truth).items():
            results.setdefault(who, {}).update(found)
    if out is not None:
        scored.write_parquet(out)
    if as_json:
        console.emit({"target": str(target), "rows": scored.height, "metrics": results})
        return
    console.metrics_table(f"{target}, {scored.height} rows", results)
