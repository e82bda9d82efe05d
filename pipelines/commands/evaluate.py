"""`crossrank evaluate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import console
from pipelines.commands import evaluation_options as options
from pipelines.commands.options import Format, Json

if TYPE_CHECKING:
    from pipelines.evaluation.gates import Require
    from pipelines.evaluation.measure import Evaluation


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
    qrels: Annotated[
        str | None, typer.Option(help="Judgements, TREC text; TARGET is then a TREC run.")
    ] = None,
    item: Annotated[
        str, typer.Option(help="Column of the items, for `as=trec` and `Coverage@10`.")
    ] = "item",
    items: Annotated[
        str | None, typer.Option(help="The training log, for what is popular: `Novelty@10`.")
    ] = None,
    described_by: Annotated[
        str | None, typer.Option(help="Its column of categories or vectors: `Diversity@10`.")
    ] = None,
    stream: Annotated[
        bool, typer.Option(help="A file beyond memory, in parts: values without intervals.")
    ] = False,
    format: Format = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write labels and scores, row by row, as Parquet.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a run, a bundle, or a file of predictions made elsewhere; exit code 3 if a gate
    fails."""
    from pipelines.evaluation.gates import Require, metrics_of
    from pipelines.evaluation.measure import Settings, measured
    from pipelines.evaluation.slices import parse_by
    from pipelines.evaluation.streamed import require_alone, streamed
    from pipelines.evaluation.usable import usable
    from pipelines.judged import judged_files
    from pipelines.metrics.items import Items
    from pipelines.metrics.parse import parse_metrics
    from pipelines.metrics.predictions import ITEM, QUERY
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
    columns, unmatched = Columns(label, score, query, weight), dict[str, int]()
    if stream:
        needless = {"by": by, "cluster": cluster, "qrels": qrels, "items": items, "data": data}
        require_alone("--stream", {**needless, "out": out})
        whole = (*chosen, *metrics_of(gates))
        with TemporaryDirectory(prefix="crossrank-") as work:
            _tell(target, streamed(target, columns, format, whole, Path(work)), gates, as_json)
        return
    if qrels is not None:
        scored, unmatched, truth = *judged_files(target, qrels, format), None
    else:
        further = [item if name == ITEM else name for name in further]
        scored, truth = scored_rows(target, data, part, columns, format, further)
        scored = scored.rename({item: ITEM}) if item in further else scored
    catalogue = None if items is None else Items.of_file(items, item, described_by)
    scored, excluded = usable(scored, missing, sorted(groups))
    found = measured(scored, chosen, slices, settings, excluded, metrics_of(gates), catalogue)
    bounds = against_truth(scored, truth) if truth is not None and not chosen else {}
    if out is not None:
        scored.write_parquet(out)
    _tell(target, found, gates, as_json, bounds, unmatched)


def _tell(
    target: str,
    found: Evaluation,
    gates: Sequence[Require],
    as_json: bool,
    bounds: Mapping[str, Mapping[str, float]] | None = None,
    unmatched: Mapping[str, int] | None = None,
) -> None:
    """On the terminal or as JSON; exits with code 3 where a gate failed."""
    from pipelines.evaluation.gates import FAILED
    from pipelines.evaluation.tables import document, plain, show, show_verdicts

    bounds, unmatched = bounds or {}, unmatched or {}
    verdicts = [gate.judge(found.by_scorer) for gate in gates]
    passed = all(one.passed for one in verdicts)
    if as_json:
        told = {"target": target, **document(found), "unmatched": unmatched}
        for who, values in bounds.items():
            told["metrics"].setdefault(who, {}).update(values)
        console.emit({**told, "gates": plain(verdicts), "passed": passed})
    else:
        show(f"{target}, {found.rows} rows", found, bounds)
        for what, count in unmatched.items():
            console.OUT.print(f"{count} {what}.")
    show_verdicts(verdicts)
    if not passed:
        raise typer.Exit(FAILED)
