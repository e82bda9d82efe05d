"""`crossrank serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console


def serve(
    bundle: Annotated[Path, typer.Argument(help="A bundle directory.")],
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="0 takes any free one. [default: 8000]")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="0.0.0.0 opens it to the network. [default: 127.0.0.1]"),
    ] = None,
) -> None:
    """Serve a bundle over HTTP: /v1/score, /v1/rank, /healthz, /readyz, /metrics, /docs."""
    from serving.server import serve as run
    from serving.settings import Settings

    def announce(url: str) -> None:
        console.ERR.print(f"Serving {bundle} at {url} (docs at {url}/docs); Ctrl-C stops it.")

    run(bundle, Settings.read(host=host, port=port), announce)
