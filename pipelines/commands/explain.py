"""`crossrank explain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines import console
from pipelines.commands.options import Format, Groups, Json, Method, Part


def explain(
    target: Annotated[Path, typer.Argument(help="A run or a bundle.")],
    request: Annotated[
        Path | None,
        typer.Option(help="A request as the server's /v1/score takes it; - reads stdin."),
    ] = None,
    row: Annotated[
        int | None, typer.Option(min=0, help="Of the request, this candidate alone.")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="For a sample of a bundle: a log, or a configuration.")
    ] = None,
    part: Part = "test",
    rows: Annotated[int, typer.Option(min=1, help="Rows of a sample, in whole queries.")] = 200,
    method: Method = "auto",
    orders: Annotated[
        int, typer.Option(min=4, help="Orders that Shapley values are sampled over, a row.")
    ] = 128,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    group: Groups = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """What scores are made of, by feature: of a request's candidates, or of a sample of rows."""
    from features.errors import ConfigError
    from pipelines.explain.explain import Explaining, requested
    from pipelines.explain.explain import explain as run
    from pipelines.explain.show import document, show_request, show_sample
    from pipelines.players import parse_groups
    from pipelines.sample import sample
    from pipelines.subject import run_or_scorer

    groups = parse_groups(group or [])
    settings = Explaining(method=method, orders=orders, seed=seed, groups=groups)
    known = run_or_scorer(target)
    if request is None:
        batch = sample(known, part, rows, seed, data, format).batch
        found = run(known, batch, settings)
        if as_json:
            console.emit({"target": str(target), **document(found, rows=False)})
            return
        show_sample(found, batch.rows)
        return
    body = typer.get_binary_stream("stdin").read() if str(request) == "-" else request.read_bytes()
    batch, raw = requested(known, body)
    if row is not None:
        if row >= batch.rows:
            raise ConfigError(f"--row must be one of the {batch.rows} candidates; got {row}.")
        batch, raw = batch.take(slice(row, row + 1)), raw.slice(row, 1)
    found = run(known, batch, settings)
    if as_json:
        console.emit({"target": str(target), **document(found, rows=True)})
        return
    show_request(found, raw, known.encoder.schema)
