"""`crossrank verify`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import Json


def verify(
    bundle: Annotated[Path, typer.Argument(help="A bundle directory.")],
    as_json: Json = False,
) -> None:
    """Check a bundle's files, parts and golden requests, and time it; exits 1 where one is bad."""
    from serving.verify import verify as run

    found = run(bundle)
    manifest = found.manifest
    if as_json:
        console.emit(
            {
                "bundle": str(bundle),
                "version": manifest.version,
                "files": len(manifest.files),
                "largest": found.largest,
                "milliseconds": found.milliseconds,
            }
        )
        return
    rows: list[tuple[str, str | float]] = [
        ("version", f"{manifest.name} {manifest.version}"),
        ("files, all with the hash of the manifest", str(len(manifest.files))),
        ("largest difference from the golden scores", found.largest),
        *((f"ms for {many} raw rows", one) for many, one in found.milliseconds.items()),
    ]
    console.table(f"{bundle} is whole", ["what", "value"], rows)
