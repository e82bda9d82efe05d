"""`crossrank simulate-clicks`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from features.errors import ConfigError
from features.validation import explain
from pipelines import console
from pipelines.commands.options import Format, Json


def simulate_clicks(
    data: Annotated[str, typer.Argument(help="Judged documents: a file, folder or glob.")],
    out: Annotated[Path, typer.Option(help="A folder to make.")] = Path("clicks"),
    sessions: Annotated[int, typer.Option(min=1, help="How often each query is asked.")] = 100,
    click_model: Annotated[str, typer.Option(help="pbm, cascade, ubm or trust.")] = "pbm",
    logger: Annotated[
        list[str] | None,
        typer.Option(
            help="weak, strong, random, trained:SHARE, mixed:STRENGTH. Repeatable. [default: weak]"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another setting, e.g. `--set eta=0.5`. Repeatable."),
    ] = None,
    label: Annotated[str, typer.Option(help="The column of the grades.")] = "label",
    query: Annotated[str, typer.Option(help="The column of the queries.")] = "qid",
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Write a click log over judged documents (LETOR, for one), with its truth."""
    from dataclasses import asdict

    from features.readers.open import open_source
    from pipelines.click_log.config import ClickLogConfig
    from pipelines.click_log.judged import Judged
    from pipelines.click_log.write import write_clicks
    from pipelines.config import parse_overrides

    given = {"sessions": sessions, "click_model": click_model, "seed": seed}
    try:
        config = ClickLogConfig.model_validate(
            {**given, "loggers": tuple(logger or ["weak"]), **parse_overrides(settings or [])}
        )
    except ValidationError as error:
        raise ConfigError(explain(error, ClickLogConfig)) from error
    judged = Judged.read(open_source(data, format, Path.cwd()), label, query)
    total = len(judged.sizes) * config.sessions
    with console.stages() as report:
        written = write_clicks(
            judged, config, out, lambda done: report("simulate clicks", done, total)
        )
    if as_json:
        console.emit({"out": str(out), **asdict(written)})
        return
    curves = zip(written.ctr, written.examination, strict=True)
    rows = [(str(k), *pair) for k, pair in enumerate(curves)]
    console.table("By position", ["position", "click rate", "examination"], rows)
    console.table("Loggers", ["logger", "nDCG@10"], [tuple(o.values()) for o in written.loggers])
    console.OUT.print(f"Wrote {written.rows} rows, {written.clicks} clicks: {out / 'log'}")
