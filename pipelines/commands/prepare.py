"""`crossrank prepare`."""

from __future__ import annotations

from pathlib import Path

from pipelines import console
from pipelines.commands.options import ConfigFile, From, Json, Overrides, RunFolder


def prepare(
    config: ConfigFile,
    overrides: Overrides = None,
    out: RunFolder = None,
    start: From = None,
    as_json: Json = False,
) -> None:
    """Fit the encoder on the training rows and encode every part."""
    from pipelines.config import load_config
    from pipelines.prepare import prepare as run
    from pipelines.run import Run

    loaded = load_config(config, overrides or [])
    root = (out or Path("runs") / loaded.name).resolve().parent
    with console.stages() as report:
        prepared = run(loaded, root, report, None if start is None else Run(start).encoder)
    if as_json:
        console.emit({"out": str(prepared.folder), **prepared.about})
        return
    console.table("Rows by part", ["part", "rows"], prepared.about["rows"].items())
    sizes = prepared.encoder.layout.vocabularies.items()
    if sizes:
        console.table("Rows by vocabulary", ["vocabulary", "rows"], sizes)
    console.OUT.print(f"Prepared data {prepared.folder}")
