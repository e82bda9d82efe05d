"""`crossrank export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import Json
from pipelines.quantization.config import Network, Quantize


def export(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    out: Annotated[Path | None, typer.Option(help="The bundle. [default: bundles/NAME]")] = None,
    quantize: Annotated[
        Quantize | None, typer.Option(help="Of tables. [default: export.quantize of the run]")
    ] = None,
    network: Annotated[
        Network | None, typer.Option(help="[default: export.network of the run, or int8]")
    ] = None,
    size: Annotated[
        float | None, typer.Option(help="Of mixed widths: at most this share of float32 tables.")
    ] = None,
    loss: Annotated[
        float | None, typer.Option(help="Of mixed widths: add at most this to the log loss.")
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
    given = {"quantize": quantize, "network": network, "size": size, "loss": loss}
    config = source.config.export.with_options(given)
    exported = write(source, out or Path("bundles") / source.config.name, config, rules)
    manifest, found = exported.manifest, exported.quality
    if as_json:
        document = None if found is None else found.document()
        console.emit({"out": str(exported.folder), "bytes": manifest.size, "quality": document})
        return
    rows: list[tuple[str, str | float]] = [
        ("size", console.size(manifest.size)),
        ("quantization", manifest.quantize),
    ]
    if found is not None:
        rows += [
            (f"largest |dp| on {found.rows} validation rows", found.largest),
            ("mean |dp|", found.mean),
            *((f"{name} lost", found.lost(name)) for name in found.exact),
        ]
    console.table(f"Bundle {exported.folder}", ["what", "value"], rows)
    console.OUT.print(f"Next: crossrank serve {exported.folder}")
