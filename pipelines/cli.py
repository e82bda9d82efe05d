"""The `crossrank` command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError

from features import extensions
from features.errors import ConfigError, CrossrankError
from features.validation import explain
from pipelines import console, interrupt

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

ConfigFile = Annotated[Path, typer.Argument(help="A TOML file; `crossrank init` writes one.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", help="Override a value, e.g. `--set train.batch_size=8192`. Repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout instead.")]
RunFolder = Annotated[
    Path | None, typer.Option("--out", help="The run directory. [default: runs/NAME]")
]
From = Annotated[
    Path | None,
    typer.Option("--from", help="An earlier run to go on from, whose vocabularies grow."),
]
Format = Annotated[
    str | None, typer.Option(help="The format of the data, where its name does not tell.")
]


@app.callback()
def crossrank(
    debug: Annotated[bool, typer.Option(help="Show the trace of an error.")] = False,  # noqa: ARG001
) -> None:
    """Options of every command; `main` reads them, wherever they stand."""
    extensions.load_named()


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where everything is written.")] = Path("demo"),
    rows: Annotated[int, typer.Option(min=20_000, help="Rows of the simulated log.")] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Json = False,
) -> None:
    """Simulate a log, train a CTR model and an unbiased ranker, export, serve, score."""
    from pipelines.demo import run_demo

    run_demo(out, rows, seed, as_json=as_json)


@app.command()
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


@app.command()
def init(
    data: Annotated[str, typer.Argument(help="A file, folder or glob of logs.")],
    out: Annotated[Path, typer.Option(help="The configuration to write.")] = Path("crossrank.toml"),
    label: Annotated[
        str | None, typer.Option(help="The column to predict, where its name does not tell.")
    ] = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Look at a log's columns and write a first configuration."""
    from pipelines.init import write_config

    guesses = write_config(data, out, format, label=label)
    if as_json:
        console.emit({"out": str(out), "guesses": guesses})
        return
    for line in guesses:
        console.OUT.print(line, markup=False, soft_wrap=True)
    console.OUT.print(f"Wrote {out}. Read it, then: crossrank train {out}")


@app.command()
def inspect(
    data: Annotated[str, typer.Argument(help="A file, folder or glob of logs.")],
    label: Annotated[
        str | None,
        typer.Option(help='The column of 0 and 1; "" for none. [default: as init guesses it]'),
    ] = None,
    out: Annotated[Path, typer.Option(help="The page; *.json writes the numbers alone.")] = Path(
        "inspect.html"
    ),
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Describe each column of a log, and how the label depends on it, on one HTML page."""
    from features.readers.open import open_source
    from pipelines.inspect.document import document
    from pipelines.inspect.page import render
    from pipelines.inspect.profile import inspect as run
    from pipelines.inspect.summary import HEADS, summary_rows
    from pipelines.inspect.write import check_place, write_report

    check_place(out)
    source = open_source(data, format, Path.cwd())
    with console.stages() as report:
        found = document(run(source, label, report), source, data)
    write_report(out, render, found)
    if as_json:
        console.emit(found)
        return
    title = f"{data}, {found['rows']} rows, label {found['label']['column']}"
    console.plain_table(title, HEADS, summary_rows(found))
    console.OUT.print(f"Wrote {out}", markup=False, soft_wrap=True)


@app.command()
def drift(
    a: Annotated[str, typer.Argument(help="What was: a log, or a run, a bundle, an encoder.")],
    b: Annotated[str, typer.Argument(help="What is: as A. One of the two must be a log.")],
    threshold: Annotated[float, typer.Option(min=0, help="Of the PSI of a column.")] = 0.2,
    ks: Annotated[float, typer.Option(min=0, help="Of the KS distance of numbers.")] = 0.1,
    unseen: Annotated[float, typer.Option(min=0, help="Of the share of new values.")] = 0.1,
    ignore: Annotated[
        list[str] | None, typer.Option(help="A column that may change. Repeatable.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write a page; *.json writes the numbers alone.")
    ] = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Compare two logs, or a log with an encoder's vocabularies; exit code 2 if one drifted."""
    from pipelines.inspect.compare import compare
    from pipelines.inspect.drift import Thresholds, document
    from pipelines.inspect.drift_page import HEADS, drift_rows, render, verdict
    from pipelines.inspect.write import check_place, write_report

    if out is not None:
        check_place(out)
    thresholds = Thresholds(threshold, ks, unseen)
    with console.stages() as report:
        found = compare(a, b, thresholds, ignore or [], format, report)
    told = document(found, thresholds, a, b)
    if out is not None:
        write_report(out, render, told)
    if as_json:
        console.emit(told)
    else:
        console.plain_table(f"From {a} to {b}", HEADS, drift_rows(told))
        console.OUT.print(verdict(told), markup=False, soft_wrap=True)
    if found.beyond:
        raise typer.Exit(2)


@app.command()
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


@app.command()
def train(
    config: ConfigFile,
    overrides: Overrides = None,
    out: RunFolder = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an interrupted training stood.")
    ] = False,
    start: From = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="A run over the same rows, to compare progressive validation with."),
    ] = None,
    noise_scale: Annotated[
        bool, typer.Option("--noise-scale", help="Measure how large a batch is worth its rows.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Prepare if needed, train, evaluate on validation, save a run directory."""
    from pipelines.config import load_config
    from pipelines.noise import described
    from pipelines.progressive.compare import baseline_of, results, show
    from pipelines.train import train as fit

    asked = ["train.noise_scale=true"] if noise_scale else []
    loaded = load_config(config, [*(overrides or []), *asked])
    folder = out or Path("runs") / loaded.name
    other = None if baseline is None else baseline_of(baseline, loaded)
    with console.stages() as report:
        run = fit(loaded, folder, report, resume=resume, start=start)
    found = results(run, other)
    if as_json:
        told = {name: one.model_dump() for name, one in found.items()}
        console.emit({"out": str(folder), "valid": run.metrics, **told})
        return
    show(found)
    console.metrics_table("Validation", run.metrics)
    sparse = run.history["sparsity"]
    if sparse:
        rows = [[name, *one.values()] for name, one in sparse.items()]
        columns = ["table", "rows touched", "zero weights", "zero rows"]
        console.table("Sparsity, of the rows touched", columns, rows)
    if said := described(run):
        console.OUT.print(said)
    console.OUT.print(f"Run {folder}. Next: crossrank evaluate {folder}")


@app.command()
def tune(
    config: ConfigFile,
    overrides: Overrides = None,
    out: Annotated[
        Path | None, typer.Option(help="The search directory. [default: runs/NAME-tune]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Search the ranges of [tune.space] on validation, and write the best configuration.

    The same command goes on with a search that was interrupted.
    """
    from pipelines.tune.tune import tune as run

    with console.stages() as report:
        found = run(config, overrides or [], out, report)
    if as_json:
        console.emit({"out": str(found.folder), **found.document})
        return
    console.plain_table("The best trials", found.heads, found.rows())
    heads = ["trial", "mean", "std", *(f"seed {seed}" for seed in found.seeded[0].seeds)]
    console.plain_table(f"{found.document['monitor']}, trained anew", heads, found.seed_rows())
    best = found.document["best"]
    console.OUT.print(f"Wrote {best}. Next: crossrank train {best}", soft_wrap=True)


@app.command()
def evaluate(
    target: Annotated[Path, typer.Argument(help="A run, a bundle, or a file of predictions.")],
    data: Annotated[
        str | None, typer.Option(help="For a bundle: a log, or a configuration and its --part.")
    ] = None,
    part: Annotated[Literal["train", "ranker", "valid", "test"], typer.Option()] = "test",
    metrics: Annotated[
        str, typer.Option(help="For example `AUC,LogLoss,nDCG@10`. [default: those that fit]")
    ] = "",
    label: Annotated[str, typer.Option(help="Column of a file of predictions.")] = "label",
    score: Annotated[str, typer.Option(help="Column of a file of predictions.")] = "score",
    query: Annotated[str | None, typer.Option(help="Column of a file of predictions.")] = None,
    weight: Annotated[str | None, typer.Option(help="Column of a file of predictions.")] = None,
    format: Format = None,
    out: Annotated[
        Path | None, typer.Option(help="Also write labels and scores, row by row, as Parquet.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure a run, a bundle, or a file of predictions made elsewhere."""
    from pipelines.evaluate import evaluate_scores
    from pipelines.metrics.parse import parse_metrics
    from pipelines.targets import Columns, scored_rows
    from pipelines.truth import against_truth

    chosen = parse_metrics(metrics)
    columns = Columns(label, score, query, weight)
    scored, truth = scored_rows(target, data, part, columns, format)
    results = evaluate_scores(scored, chosen)
    if truth is not None and not chosen:
        for who, found in against_truth(scored, truth).items():
            results.setdefault(who, {}).update(found)
    if out is not None:
        scored.write_parquet(out)
    if as_json:
        console.emit({"target": str(target), "rows": scored.height, "metrics": results})
        return
    console.metrics_table(f"{target}, {scored.height} rows", results)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    out: Annotated[Path | None, typer.Option(help="The bundle. [default: bundles/NAME]")] = None,
    quantize: Annotated[
        Literal["int8", "none"] | None, typer.Option(help="[default: export.quantize of the run]")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the bundle that a server loads, and measure what quantization cost."""
    from pipelines.export import export as write
    from pipelines.run import Run

    source = Run(run)
    exported = write(source, out or Path("bundles") / source.config.name, quantize)
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


@app.command()
def predict(
    bundle: Annotated[Path, typer.Argument(help="A bundle directory.")],
    data: Annotated[str, typer.Argument(help="A file, folder or glob of raw rows.")],
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")] = Path("scores.parquet"),
    keep: Annotated[
        list[str] | None, typer.Option(help="A column to copy beside the scores. Repeatable.")
    ] = None,
    format: Format = None,
    as_json: Json = False,
) -> None:
    """Score raw rows with a bundle, in batches, without TensorFlow."""
    from features.readers.open import open_source
    from pipelines.predict import predict as run
    from serving.scorer import Scorer

    scorer = Scorer.load(bundle)
    with console.stages() as report:
        rows = run(scorer, open_source(data, format, Path.cwd()), out, keep or [], report)
    if as_json:
        console.emit({"out": str(out), "rows": rows})
        return
    console.OUT.print(f"Scored {rows} rows into {out}")


@app.command()
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
