"""`crossrank ablate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import Groups, Json, Part


def ablate(
    run: Annotated[Path, typer.Argument(help="A run.")],
    metric: Annotated[
        str, typer.Option(help="For example LogLoss. [default: AUC; nDCG@10 of a ranker alone]")
    ] = "",
    part: Part = "test",
    feature: Annotated[
        list[str] | None, typer.Option(help="Leave this one out alone. [default: each in turn]")
    ] = None,
    group: Groups = None,
    seeds: Annotated[int, typer.Option(min=1, help="Trainings each, with other seeds.")] = 1,
    out: Annotated[
        Path | None, typer.Option(help="The folder of its runs. [default: RUN-ablation]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Train a run again without each feature, and measure what a metric loses.

    It takes as long as its trainings: one a feature and seed. The same command goes
    on where it was interrupted.
    """
    from dataclasses import asdict

    from pipelines.importance.ablation import Ablating
    from pipelines.importance.ablation import ablate as train_again
    from pipelines.metrics.parse import parse_metric
    from pipelines.players import parse_groups
    from pipelines.run import Run

    groups = parse_groups(group or [])
    settings = Ablating(features=tuple(feature or ()), groups=groups, seeds=seeds)
    known = Run(run)
    name = metric or ("nDCG@10" if known.config.model is None else "AUC")
    chosen, folder = parse_metric(name), out or run.with_name(f"{run.name}-ablation")
    with console.stages() as report:
        found = train_again(known, part, chosen, settings, folder, report)
    if as_json:
        console.emit({"out": str(folder), "part": part, "of": str(chosen), **asdict(found)})
        return
    heads = ["trained without", "lost", "95 %", *(["std over seeds"] if seeds > 1 else [])]
    cells = [
        [one.feature, one.value, f"{one.low:.5g} to {one.high:.5g}",
         *([one.spread] if seeds > 1 else [])]
        for one in found.features
    ]  # fmt: skip
    title = f"{chosen} {found.metric:.5g} of {found.scorer} on {part}: what is lost of it"
    console.table(title, heads, cells)
    for one, why in found.needed.items():
        text = f"{one} cannot be left out: {why}"
        console.OUT.print(text, markup=False, soft_wrap=True)
