"""`crossrank predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import Format, Json


def predict(
    bundle: Annotated[Path, typer.Argument(help="A bundle directory.")],
    data: Annotated[str, typer.Argument(help="A file, folder or glob of raw rows.")],
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")] = Path("scores.parquet"),
    keep: Annotated[
        list[str] | None, typer.Option(help="A column to copy beside the scores. Repeatable.")
    ] = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Score raw rows with a bundle, in batches, without TensorFlow."""
    from features.readers.open import open_source
    from pipelines.predict import predict as run
    from serving.scorer import Scorer

    scorer = Scorer.load(bundle)
    with console.stages() as report:
        rows = run(scorer, open_source(data, format, Path.cwd()), out, keep or [], report)
    if as_json:
        console.emit({"out": str(out), "rows": rows})
        return
    console.OUT.print(f"Scored {rows} rows into {out}")
