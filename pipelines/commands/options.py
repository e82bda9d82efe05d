"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

ConfigFile = Annotated[Path, typer.Argument(help="A TOML file; `crossrank init` writes one.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a value, e.g. `--set train.batch_size=8192`. Repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout instead.")]
RunFolder = Annotated[
    Path | None, typer.Option("--out", help="The run directory. [default: runs/NAME]")
]
From = Annotated[
    Path | None,
    typer.Option("--from", help="An earlier run to go on from, whose vocabularies grow."),
]
Format = Annotated[
    str | None, typer.Option(help="The format of the data, where its name does not tell.")
]
Part = Annotated[
    Literal["train", "ranker", "valid", "test"], typer.Option(help="Of a run, or a configuration.")
]
Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--group", help="Features that count as one, item=item_id,item_category. Repeatable."
    ),
]
Method = Annotated[
    Literal["auto", "gradients", "shapley"],
    typer.Option(help="Of a CTR model; gradients, where it is auto, for a run."),
]
