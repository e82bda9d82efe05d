"""`crossrank train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import ConfigFile, From, Json, Overrides, RunFolder


def train(
    config: ConfigFile,
    overrides: Overrides = None,
    out: RunFolder = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted training stood.")
    ] = False,
    start: From = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="A run over the same rows, to compare progressive validation with."),
    ] = None,
    noise_scale: Annotated[
        bool, typer.Option("--noise-scale", help="Measure how large a batch is worth its rows.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Prepare if needed, train, evaluate on validation, save a run directory."""
    from pipelines.config import load_config
    from pipelines.noise import described
    from pipelines.progressive.compare import baseline_of, results, show
    from pipelines.train import train as fit

    asked = ["train.noise_scale=true"] if noise_scale else []
    loaded = load_config(config, [*(overrides or []), *asked])
    folder = out or Path("runs") / loaded.name
    other = None if baseline is None else baseline_of(baseline, loaded)
    with console.stages() as report:
        run = fit(loaded, folder, report, resume=resume, start=start)
    found = results(run, other)
    if as_json:
        told = {name: one.model_dump() for name, one in found.items()}
        console.emit({"out": str(folder), "valid": run.metrics, **told})
        return
    show(found)
    console.metrics_table("Validation", run.metrics)
    sparse = run.history["sparsity"]
    if sparse:
        rows = [[name, *one.values()] for name, one in sparse.items()]
        columns = ["table", "rows touched", "zero weights", "zero rows"]
        console.table("Sparsity, of the rows touched", columns, rows)
    if said := described(run):
        console.OUT.print(said)
    console.OUT.print(f"Run {folder}. Next: crossrank evaluate {folder}")
