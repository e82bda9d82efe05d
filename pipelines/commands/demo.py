"""`crossrank demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.options import Json


def demo(
    out: Annotated[Path, typer.Option(help="Where everything is written.")] = Path("demo"),
    rows: Annotated[int, typer.Option(min=20_000, help="Rows of the simulated log.")] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Simulate a log, train a CTR model and an unbiased ranker, export, serve, score."""
    from pipelines.demo import run_demo

    run_demo(out, rows, seed, as_json=as_json)
