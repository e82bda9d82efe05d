"""`crossrank evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands import evaluation_options as options
from pipelines.commands.options import Format, Json


def evaluate(
    target: Annotated[str, typer.Argument(help="A run, a bundle, or a file of predictions.")],
    data: options.Data = None,
    part: options.Part = "test",
    metrics: options.Metrics = "",
    label: options.Label = "label",
    score: options.Score = "score",
    query: options.Query = None,
    weight: options.Weight = None,
    by: options.By = "",
    min_rows: options.MinRows = 100,
    cluster: options.Cluster = None,
    missing: options.Missing = "refuse",
    level: options.Level = 0.95,
    resamples: options.Resamples = 2000,
    seed: options.Seed = 0,
    require: options.Gates = None,
    format: Format = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write labels and scores, row by row, as Parquet.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a run, a bundle, or a file of predictions made elsewhere; exit code 3 if a gate
    fails."""
    from pipelines.evaluation.gates import FAILED, Require, metrics_of
    from pipelines.evaluation.measure import Settings, measured
    from pipelines.evaluation.slices import parse_by
    from pipelines.evaluation.tables import document, plain, show, show_verdicts
    from pipelines.evaluation.usable import usable
    from pipelines.metrics.parse import parse_metrics
    from pipelines.metrics.predictions import QUERY
    from pipelines.targets import Columns, scored_rows
    from pipelines.truth import against_truth
    from ranking.off_policy.resampling import Resampling

    chosen, slices = parse_metrics(metrics), parse_by(by)
    gates = [Require.parse(text) for text in require or ()]
    drawn = Resampling(level=level, resamples=resamples, seed=seed)
    settings = Settings(cluster=cluster, missing=missing, least=min_rows, resampling=drawn)
    groups = {name for one in (*chosen, *metrics_of(gates)) for name in one.needs_groups} - {QUERY}
    groups |= set(settings.groups) - {QUERY}
    further = [*sorted(groups), *(name for one in slices for name in one.columns)]
    scored, truth = scored_rows(
        target, data, part, Columns(label, score, query, weight), format, further
    )
    scored, excluded = usable(scored, missing, sorted(groups))
    found = measured(scored, chosen, slices, settings, excluded, metrics_of(gates))
    bounds = against_truth(scored, truth) if truth is not None and not chosen else {}
    verdicts = [gate.judge(found.by_scorer) for gate in gates]
    if out is not None:
        scored.write_parquet(out)
    if as_json:
        told = {"target": target, **document(found)}
        for who, values in bounds.items():
            told["metrics"].setdefault(who, {}).update(values)
        passed = all(one.passed for one in verdicts)
        console.emit({**told, "gates": plain(verdicts), "passed": passed})
    else:
        show(f"{target}, {found.rows} rows", found, bounds)
    show_verdicts(verdicts)
    if not all(one.passed for one in verdicts):
        raise typer.Exit(FAILED)
