"""`crossrank export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pipelines import console
from pipelines.commands.options import Json


def export(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    out: Annotated[Path | None, typer.Option(help="The bundle. [default: bundles/NAME]")] = None,
    quantize: Annotated[
        Literal["int8", "none"] | None, typer.Option(help="[default: export.quantize of the run]")
    ] = None,
    rerank: Annotated[
        Path | None,
        typer.Option(help="A configuration whose re-ranking it has. [default: that of the run]"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the bundle that a server loads, and measure what quantization cost."""
    from pipelines.config import load_config
    from pipelines.export import export as write
    from pipelines.run import Run

    source = Run(run)
    rules = None if rerank is None else load_config(rerank)
    exported = write(source, out or Path("bundles") / source.config.name, quantize, rules)
    manifest = exported.manifest
    if as_json:
        summary = {"rows": exported.rows, "largest": exported.largest, "mean": exported.mean}
        console.emit({"out": str(exported.folder), "bytes": manifest.size, "difference": summary})
        return
    console.table(
        f"Bundle {exported.folder}",
        ["what", "value"],
        [
            ("size", console.size(manifest.size)),
            ("quantization", manifest.quantize),
            (f"largest |dp| on {exported.rows} validation rows", exported.largest),
            ("mean |dp|", exported.mean),
        ],
    )
    console.OUT.print(f"Next: crossrank serve {exported.folder}")
