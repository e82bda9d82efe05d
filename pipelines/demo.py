"""The whole path on a simulated log: what `crossrank demo` and `make demo` run."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from features.errors import CrossrankError
from pipelines import console
from pipelines.config import load_config
from pipelines.evaluate import Results, evaluate_scores
from pipelines.export import Exported, export
from pipelines.quantization.config import ExportConfig
from pipelines.run import Run
from pipelines.scoring import score
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import Simulation, simulate
from pipelines.train import train
from pipelines.truth import CEILING, RELEVANCE, against_truth

CONFIG = """\
# Written by `crossrank demo`: a DCN-V2, and an unbiased LambdaMART on top of its score.
name = "demo-run"

[data]
paths = "log/log"
truth = "log"
label = "click"
query = "query_id"
position = "position"

[data.split]
type = "time"
column = "timestamp"
train = 0.65
ranker = 0.15
valid = 0.1
test = 0.1

[[features]]
type = "id"
columns = ["user_id", "item_id", "user_country", "user_age", "device", "hour",
           "item_category", "item_brand"]

[[features]]
type = "numeric"
columns = ["item_price", "item_age_days"]
log = true

[[features]]
type = "sequence"
column = "history"
vocabulary = "item_id"
max_length = 10

[model]
type = "dcn_v2"
dim = 16
cross_layers = 2
hidden = [128, 64]

[train]
epochs = 4
batch_size = 4096

[ranker]
rounds = 200
learning_rate = 0.05
max_depth = 3
min_child_weight = 20
"""

_CANDIDATES = 100
_REQUESTS = 300


@dataclass(frozen=True)
class Latency:
    """Milliseconds a request of `_CANDIDATES` rows over HTTP, one at a time."""

    p50: float
    p99: float


def run_demo(out: Path, rows: int, seed: int, *, as_json: bool = False) -> None:
    """Simulate, prepare, train, evaluate, export, serve and score; then say where all lies."""
    started = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    config_file = out / "demo.toml"
    with console.stages() as report:
        simulation = simulate(
            SimulatorConfig(rows=rows, seed=seed),
            out / "log",
            lambda done: report("simulate", done, rows),
        )
        config_file.write_text(CONFIG)
        run = train(load_config(config_file), out / "run", report)
        results = _test(run, simulation)
        exported = export(run, out / "bundle", ExportConfig(quantize="int8"))
        request = _request(simulation)
        with _server(out / "bundle", out / "server.log") as port:
            answer = _post(port, request)
            latency = _measure(port, request, report)
    seconds = time.perf_counter() - started
    if as_json:
        console.emit(_summary(out, results, exported, latency, seconds))
        return
    _show(out, simulation, run, results, exported, latency, answer, seconds)


def _test(run: Run, simulation: Simulation) -> Results:
    scored = score(run.prepared.part("test"), run.model, run.ranker, run.calibration, run.cosines)
    results = evaluate_scores(scored)
    for who, metrics in against_truth(scored, simulation.path).items():
        results.setdefault(who, {}).update(metrics)
    return results


def _request(simulation: Simulation) -> dict[str, Any]:
    """One user, and candidates taken from the end of the log."""
    last = pl.read_parquet(simulation.log_files[-1]).tail(_CANDIDATES)
    shown = ("item_id", "item_category", "item_brand", "item_price", "item_age_days")
    user = ("user_id", "user_country", "user_age", "device", "hour", "history")
    first = last.row(0, named=True)
    return {
        "context": {name: first[name] for name in user},
        "columns": {name: last[name].to_list() for name in shown},
    }


@contextlib.contextmanager
def _server(bundle: Path, log: Path) -> Iterator[int]:
    """A server process on a free port, stopped by SIGTERM when the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from pipelines.cli import main; main()"]
    command += ["serve", str(bundle), "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "COLUMNS": "120"}
        )
        try:
            _wait(process, port, log)
            yield port
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    if process.returncode != 0:
        raise CrossrankError(f"The server must stop cleanly; it exited {process.returncode}: {log}")


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CrossrankError(f"The server stopped at once; its output is in {log}.")
        with contextlib.suppress(OSError), _connection(port) as connection:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.05)
    raise CrossrankError(f"The server was not ready within 60 s; its output is in {log}.")


def _connection(port: int) -> contextlib.closing[http.client.HTTPConnection]:
    return contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10))


def _post(port: int, request: dict[str, Any]) -> dict[str, Any]:
    with _connection(port) as connection:
        return _ask(connection, json.dumps({**request, "top_k": 3}).encode())


def _ask(connection: http.client.HTTPConnection, body: bytes) -> dict[str, Any]:
    connection.request("POST", "/v1/rank", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer: dict[str, Any] = json.loads(response.read())
    if response.status != 200:
        raise CrossrankError(f"The server refused the demo's request: {answer}")
    return answer


def _measure(port: int, request: dict[str, Any], report: console.Stages) -> Latency:
    body = json.dumps(request).encode()
    times = []
    with _connection(port) as connection:
        for done in range(_REQUESTS):
            begun = time.perf_counter()
            _ask(connection, body)
            times.append((time.perf_counter() - begun) * 1000)
            report("score over HTTP", done + 1, _REQUESTS)
    p50, p99 = np.percentile(times[20:], [50, 99])
    return Latency(float(p50), float(p99))


def _summary(
    out: Path, results: Results, exported: Exported, latency: Latency, seconds: float
) -> dict[str, Any]:
    assert exported.quality is not None  # there is a model
    return {
        "out": str(out),
        "test": results,
        "bundle_bytes": exported.manifest.size,
        "quantization": exported.quality.document(),
        "latency_ms": {"candidates": _CANDIDATES, "p50": latency.p50, "p99": latency.p99},
        "seconds": seconds,
    }


def _show(
    out: Path,
    simulation: Simulation,
    run: Run,
    results: Results,
    exported: Exported,
    latency: Latency,
    answer: dict[str, Any],
    seconds: float,
) -> None:
    ctr, ranker, truth = results["ctr"], results["ranker"], results[CEILING]
    assert exported.quality is not None
    assert run.ranker is not None  # the demo's configuration has one
    bias = run.ranker.bias["click"]
    console.table(
        f"Demo on {simulation.oracle.rows:,} simulated rows, in {seconds:.0f} s",
        ["on test rows", "DCN-V2", "LambdaMART", "the truth"],
        [
            ("AUC", ctr["AUC"], "", truth["AUC"]),
            ("log loss", ctr["LogLoss"], "", truth["LogLoss"]),
            ("calibration (predicted / observed)", ctr["PCOC"], "", truth["PCOC"]),
            ("NDCG@10 of clicks", ctr["nDCG@10"], ranker["nDCG@10"], truth["nDCG@10"]),
            ("NDCG@10 of relevance", ctr[RELEVANCE], ranker[RELEVANCE], truth[RELEVANCE]),
            ("bias of position 5 against 1", "", bias[4], simulation.examination[4]),
        ],
    )
    console.table(
        "Bundle and server",
        ["what", "value"],
        [
            ("bundle size (int8)", console.size(exported.manifest.size)),
            ("largest |dp| of quantization", exported.quality.largest),
            (f"p50 / p99 of {_CANDIDATES} candidates", f"{latency.p50:.2f} / {latency.p99:.2f} ms"),
        ],
    )
    best = answer["ranking"][0]
    console.OUT.print(
        f"POST /v1/rank put candidate {best['index']} first, click probability "
        f"{best['probability']:.3f}.\n"
        f"The truth knows every position; the models score before the page is laid out.\n\n"
        f"Configuration {out / 'demo.toml'}\nLog           {out / 'log'}\n"
        f"Run           {run.folder}\nBundle        {exported.folder}\n\nNext:"
    )
    quoted = shlex.quote(str(out))
    for command in (
        f"crossrank evaluate {quoted}/run --metrics AUC,LogLoss,nDCG@5,MRR",
        f"crossrank train {quoted}/demo.toml --set train.epochs=1 --out {quoted}/run-2",
        f"crossrank serve {quoted}/bundle --port 8000",
    ):
        console.OUT.print(f"  {command}", markup=False, soft_wrap=True)
