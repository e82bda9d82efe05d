"""The `crossrank` command line."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from features import extensions
from features.errors import CrossrankError
from pipelines import console, interrupt
from pipelines.commands.ablate import ablate
from pipelines.commands.backtest import backtest
from pipelines.commands.bias import bias
from pipelines.commands.bundle import bundle
from pipelines.commands.compare import compare
from pipelines.commands.debias import debias
from pipelines.commands.demo import demo
from pipelines.commands.drift import drift
from pipelines.commands.evaluate import evaluate
from pipelines.commands.explain import explain
from pipelines.commands.export import export
from pipelines.commands.importance import importance
from pipelines.commands.init import init
from pipelines.commands.inspect import inspect
from pipelines.commands.predict import predict
from pipelines.commands.prepare import prepare
from pipelines.commands.report import report
from pipelines.commands.serve import serve
from pipelines.commands.simulate import simulate
from pipelines.commands.simulate_clicks import simulate_clicks
from pipelines.commands.train import train
from pipelines.commands.tune import tune
from pipelines.commands.verify import verify

app = typer.Typer(
    name="crossrank",
    help="Click logs in, a fast and quantized scoring server out.\n\n"
    "Start with `crossrank demo`, or with your own log: `crossrank init LOG`, then "
    "`crossrank train CONFIG`, `crossrank export RUN`, `crossrank serve BUNDLE`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=False,
)


@app.callback()
def crossrank(
    debug: Annotated[bool, typer.Option(help="Show the trace of an error.")] = False,  # noqa: ARG001
) -> None:
    """Options of every command; `main` reads them, wherever they stand."""
    extensions.load_named()


COMMANDS = (
    demo,
    simulate,
    simulate_clicks,
    init,
    inspect,
    drift,
    prepare,
    train,
    tune,
    backtest,
    bias,
    debias,
    evaluate,
    compare,
    report,
    importance,
    ablate,
    explain,
    export,
    bundle,
    verify,
    predict,
    serve,
)

for one in COMMANDS:
    app.command()(one)


def main() -> None:
    """Run the command line; a user's mistake is one line on stderr and exit code 1."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    try:
        with interrupt.heard():
            app(args=arguments)
    except KeyboardInterrupt:
        console.ERR.print("interrupted")
        sys.exit(130)
    except Exception as error:
        if debug:
            raise
        console.ERR.print(f"error: {_one_line(error)}", style="red", markup=False, soft_wrap=True)
        sys.exit(1)


def _one_line(error: Exception) -> str:
    if isinstance(error, CrossrankError):
        text = str(error)
    elif isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        text = (
            f"{type(error).__name__}: {error} (a fault of crossrank itself: run again with "
            "--debug and report the trace)"
        )
    return " ".join(text.split())
