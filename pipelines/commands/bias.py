"""`crossrank bias`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import ConfigFile, Json, Overrides


def bias(
    config: ConfigFile,
    overrides: Overrides = None,
    out: Annotated[Path, typer.Option(help="The page; *.json writes the numbers alone.")] = Path(
        "bias.html"
    ),
    propensity: Annotated[
        Path | None, typer.Option(help="Also write the chosen estimate, as a file of its own.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Look a click log over, and estimate how far down its positions are examined."""
    from pipelines.bias.page import (
        FORETOLD,
        answer,
        by_estimator,
        findings,
        foretold,
        render,
        some_positions,
        used_heads,
        used_rows,
    )
    from pipelines.bias.report import bias_report
    from pipelines.config import load_config
    from pipelines.page.write import check_place, write_report

    check_place(out)
    loaded = load_config(config, overrides or [])
    with console.stages() as report:
        found = bias_report(loaded, Path("runs").resolve(), report)
    document = found.document()
    if propensity is not None:
        found.propensity.save(propensity)
    write_report(out, render, document)
    if as_json:
        console.emit(document)
        return
    console.plain_table("By position", used_heads(document), used_rows(document))
    if document["estimates"]:
        places = map(str, some_positions(document))
        console.plain_table("Examination of a position", ["", *places], by_estimator(document))
    if document["foretold"]:
        title = "How well click models foretell clicks they were not fitted to"
        console.plain_table(title, FORETOLD, foretold(document))
    for line in (*findings(document), answer(document)):
        console.OUT.print(line, markup=False, soft_wrap=True)
    console.OUT.print(f"Wrote {out}", markup=False, soft_wrap=True)
