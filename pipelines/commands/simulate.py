"""`crossrank simulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from features.errors import ConfigError
from features.validation import explain
from pipelines import console
from pipelines.commands.options import Json


def simulate(
    out: Annotated[Path, typer.Argument(help="A folder to make.")],
    rows: Annotated[int, typer.Option(min=1)] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Another setting of the world, e.g. `--set eta=0.5`."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a click log with its ground truth, to learn on where the answer is known."""
    from dataclasses import asdict

    from pipelines.config import parse_overrides
    from pipelines.simulator.config import SimulatorConfig
    from pipelines.simulator.simulation import simulate as write

    try:
        config = SimulatorConfig.model_validate(
            {"rows": rows, "seed": seed, **parse_overrides(settings or [])}
        )
    except ValidationError as error:
        raise ConfigError(explain(error, SimulatorConfig)) from error
    with console.stages() as report:
        simulation = write(config, out, lambda done: report("simulate", done, config.rows))
    oracle = asdict(simulation.oracle)
    if as_json:
        console.emit({"out": str(out), "examination": simulation.examination, "oracle": oracle})
        return
    console.table("What no model can beat on this log", ["figure", "value"], oracle.items())
    console.OUT.print(f"Log {out / 'log'}, truth {out / 'truth'}")
