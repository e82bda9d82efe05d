"""`crossrank inspect`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import Format, Json


def inspect(
    data: Annotated[str, typer.Argument(help="A file, folder or glob of logs.")],
    label: Annotated[
        str | None,
        typer.Option(help='The column of 0 and 1; "" for none. [default: as init guesses it]'),
    ] = None,
    out: Annotated[Path, typer.Option(help="The page; *.json writes the numbers alone.")] = Path(
        "inspect.html"
    ),
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Describe each column of a log, and how the label depends on it, on one HTML page."""
    from features.readers.open import open_source
    from pipelines.inspect.document import document
    from pipelines.inspect.page import render
    from pipelines.inspect.profile import inspect as run
    from pipelines.inspect.summary import HEADS, summary_rows
    from pipelines.page.write import check_place, write_report

    check_place(out)
    source = open_source(data, format, Path.cwd())
    with console.stages() as report:
        found = document(run(source, label, report), source, data)
    write_report(out, render, found)
    if as_json:
        console.emit(found)
        return
    title = f"{data}, {found['rows']} rows, label {found['label']['column']}"
    console.plain_table(title, HEADS, summary_rows(found))
    console.OUT.print(f"Wrote {out}", markup=False, soft_wrap=True)
