"""`crossrank init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import Format, Json


def init(
    data: Annotated[str, typer.Argument(help="A file, folder or glob of logs.")],
    out: Annotated[Path, typer.Option(help="The configuration to write.")] = Path("crossrank.toml"),
    label: Annotated[
        str | None, typer.Option(help="The column to predict, where its name does not tell.")
    ] = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Look at a log's columns and write a first configuration."""
    from pipelines.init import write_config

    guesses = write_config(data, out, format, label=label)
    if as_json:
        console.emit({"out": str(out), "guesses": guesses})
        return
    for line in guesses:
        console.OUT.print(line, markup=False, soft_wrap=True)
    console.OUT.print(f"Wrote {out}. Read it, then: crossrank train {out}")
