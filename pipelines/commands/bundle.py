"""`crossrank bundle`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines import console
from pipelines.commands.options import Json


def bundle(
    folder: Annotated[Path, typer.Argument(help="A bundle directory.")],
    as_json: Json = False,
) -> None:
    """Show what is inside a bundle: sizes by field, widths, quality and where it comes from."""
    from features.files import read_json
    from pipelines.quantization.quality import FILE
    from serving.bundle import open_bundle
    from serving.contents import contents

    manifest, held = open_bundle(folder), contents(folder)
    quality: dict[str, Any] = {}
    if FILE in manifest.files:
        quality = read_json(folder / FILE, made_by="Export the model again.")
    if as_json:
        whole = manifest.model_dump(mode="json", exclude={"files"})
        tables = [{**asdict(one), "storages": _widths(one.storages)} for one in held]
        console.emit({**whole, "bytes": manifest.size, "contents": tables, "quality": quality})
        return
    rows: list[tuple[str, str | float]] = [
        ("name and version", f"{manifest.name} {manifest.version}"),
        ("size", console.size(manifest.size)),
        ("quantization of tables", manifest.quantize),
        ("ranker, calibration", f"{_yes(manifest.ranker)}, {_yes(manifest.calibration)}"),
        ("data", manifest.data[:12]),
        *((f"test {name}", value) for name, value in manifest.metrics.items()),
    ]
    for name, exact in quality.get("exact", {}).items():
        rows.append(
            (f"validation {name}, model and bundle", f"{exact:.5f}, {quality['shipped'][name]:.5f}")
        )
    console.table(str(folder), ["what", "value"], rows)
    console.table(
        "Tables",
        ["table", "field", "rows", "size", "widths"],
        [
            (one.table, one.vocabulary, one.rows, console.size(one.bytes), _listed(one.storages))
            for one in sorted(held, key=lambda one: -one.bytes)
        ],
    )


def _yes(held: bool) -> str:
    return "yes" if held else "no"


def _widths(storages: dict[Any, int]) -> dict[str, int]:
    return {name or "zeros": rows for name, rows in storages.items()}


def _listed(storages: dict[Any, int]) -> str:
    return ", ".join(f"{rows:,} {name}" for name, rows in _widths(storages).items())
