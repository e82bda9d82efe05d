"""`crossrank compare`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from pipelines import console
from pipelines.commands import evaluation_options as options
from pipelines.commands.options import Format, Json


def compare(
    targets: Annotated[
        list[str],
        typer.Argument(help="The first, and what is compared with it: runs, bundles, files."),
    ],
    data: options.Data = None,
    part: options.Part = "test",
    metrics: options.Metrics = "",
    label: options.Label = "label",
    score: options.Score = "score",
    query: options.Query = None,
    weight: options.Weight = None,
    on: Annotated[
        str, typer.Option(help="Key columns to join by, as `query,item`. [default: row order]")
    ] = "",
    by: options.By = "",
    min_rows: options.MinRows = 100,
    cluster: options.Cluster = None,
    missing: options.Missing = "refuse",
    correct: Annotated[
        Literal["holm", "bh", "none"],
        typer.Option(help="How p-values are adjusted for the number of metrics and targets."),
    ] = "holm",
    level: options.Level = 0.95,
    resamples: options.Resamples = 2000,
    seed: options.Seed = 0,
    require: options.Gates = None,
    max_drop: Annotated[
        list[str] | None,
        typer.Option(help="A gate: `AUC 0.001`, how much worse it may be at most. Repeatable."),
    ] = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Say by how much others differ from the first on the same rows, and whether it is shown; exit
    code 3 if a gate fails."""
    from pipelines.evaluation.candidates import rows_of
    from pipelines.evaluation.compare import compared, values
    from pipelines.evaluation.differences_shown import document, show
    from pipelines.evaluation.gates import FAILED, MaxDrop, Require, metrics_of
    from pipelines.evaluation.measure import Settings
    from pipelines.evaluation.slices import parse_by
    from pipelines.evaluation.tables import plain, show_verdicts
    from pipelines.metrics.parse import parse_metrics
    from pipelines.metrics.predictions import QUERY
    from pipelines.targets import Columns
    from ranking.off_policy.resampling import Resampling

    chosen, slices = parse_metrics(metrics), parse_by(by)
    required = [Require.parse(text) for text in require or ()]
    drops = [MaxDrop.parse(text) for text in max_drop or ()]
    further = metrics_of([*required, *drops])
    drawn = Resampling(level=level, resamples=resamples, seed=seed)
    settings = Settings(cluster=cluster, missing=missing, least=min_rows, resampling=drawn)
    groups = {name for one in (*chosen, *further) for name in one.needs_groups} - {QUERY}
    groups |= set(settings.groups) - {QUERY}
    beside = [*sorted(groups), *(name for one in slices for name in one.columns)]
    keys = [name.strip() for name in on.split(",") if name.strip()]
    frames, excluded = rows_of(
        targets, keys, missing, data, part, Columns(label, score, query, weight), format, beside,
        sorted(groups),
    )  # fmt: skip
    found = compared(frames, chosen, slices, settings, correct, further)
    verdicts = []
    for one in found:
        known = values(frames[one.name], chosen, settings, further) if required else {}
        verdicts += [gate.judge(known) for gate in required]
        verdicts += [gate.judge(one.name, one.changes) for gate in drops]
    passed = all(one.passed for one in verdicts)
    first, rows = next((name, frame.height) for name, frame in frames.items())
    if as_json:
        told = {"first": first, "rows": rows, "excluded": excluded}
        compared_with = [document(one) for one in found]
        console.emit(
            {**told, "compared": compared_with, "gates": plain(verdicts), "passed": passed}
        )
    else:
        console.say(f"{rows} rows that all have scored")
        for what, count in excluded.items():
            console.say(f"Left out: {count} rows without {what}.")
        for one in found:
            show(first, one)
    show_verdicts(verdicts)
    if not passed:
        raise typer.Exit(FAILED)
