"""`crossrank importance`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import Format, Groups, Json, Part


def importance(
    target: Annotated[Path, typer.Argument(help="A run or a bundle.")],
    metric: Annotated[
        str, typer.Option(help="For example LogLoss. [default: AUC; nDCG@10 of a ranker alone]")
    ] = "",
    data: Annotated[
        str | None, typer.Option(help="For a bundle: a log, or a configuration and its --part.")
    ] = None,
    part: Part = "test",
    rows: Annotated[int, typer.Option(min=1, help="At most, in whole queries.")] = 100_000,
    repeats: Annotated[int, typer.Option(min=1, help="How often each is shuffled.")] = 5,
    within: Annotated[
        bool, typer.Option("--within-queries", help="Shuffle among the rows of a query alone.")
    ] = False,
    group: Groups = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """How much a metric loses when a feature's values change hands, feature by feature."""
    from dataclasses import asdict

    from pipelines.importance.permutation import Shuffling, groups_of, importances
    from pipelines.metrics.parse import parse_metric
    from pipelines.players import parse_groups
    from pipelines.sample import sample
    from pipelines.subject import CTR, run_or_scorer, subject_of

    groups = parse_groups(group or [])
    settings = Shuffling(repeats=repeats, seed=seed, within=within, groups=groups)
    asked = parse_metric(metric) if metric else None
    known = run_or_scorer(target)
    subject = subject_of(known)
    chosen = asked or parse_metric("AUC" if CTR in subject.scorers else "nDCG@10")
    drawn = sample(known, part, rows, seed, data, format, groups_of(chosen))
    with console.stages() as report:
        found = importances(subject, drawn, chosen, settings, report)
    if as_json:
        console.emit({"target": str(target), "of": str(chosen), "part": part, **asdict(found)})
        return
    title = f"{chosen} {found.metric:.5g} of {found.scorer}, {found.rows} rows: what is lost of it"
    cells = [[one.feature, one.value, f"{one.low:.5g} to {one.high:.5g}"] for one in found.features]
    console.table(title, ["feature shuffled", "lost", "95 %"], cells)
