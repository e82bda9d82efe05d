"""`crossrank tune`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import ConfigFile, Json, Overrides


def tune(
    config: ConfigFile,
    overrides: Overrides = None,
    out: Annotated[
        Path | None, typer.Option(help="The search directory. [default: runs/NAME-tune]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Search the ranges of [tune.space] on validation, and write the best configuration.

    The same command goes on with a search that was interrupted.
    """
    from pipelines.tune.tune import tune as run

    with console.stages() as report:
        found = run(config, overrides or [], out, report)
    if as_json:
        console.emit({"out": str(found.folder), **found.document})
        return
    console.plain_table("The best trials", found.heads, found.rows())
    heads = ["trial", "mean", "std", *(f"seed {seed}" for seed in found.seeded[0].seeds)]
    console.plain_table(f"{found.document['monitor']}, trained anew", heads, found.seed_rows())
    best = found.document["best"]
    console.OUT.print(f"Wrote {best}. Next: crossrank train {best}", soft_wrap=True)
