"""The base install, made from a built wheel in a new environment, scores and serves."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipelines.config import load_config
from pipelines.export import export
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import simulate
from pipelines.train import train

ROOT = Path(__file__).resolve().parents[1]
CONFIG = """
name = "base"
[data]
paths = "log/log"
label = "click"
query = "query_id"
position = "position"
split = { type = "hash", column = "query_id", train = 0.6, ranker = 0.2, valid = 0.2, test = 0 }
[[features]]
type = "id"
columns = ["item_id", "user_age"]
[model]
type = "wide_deep"
dim = 4
hidden = [8]
[ranker]
rounds = 5
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_scores_and_serves_without_tensorflow(tmp_path: Path) -> None:
    simulation = simulate(SimulatorConfig(rows=5_000, users=200, items=100), tmp_path / "log")
    (tmp_path / "base.toml").write_text(CONFIG)
    run = train(load_config(tmp_path / "base.toml"), tmp_path / "run", lambda *_: None)
    bundle = export(run, tmp_path / "bundle").folder
    binaries = tmp_path / "env" / "bin"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "env"], check=True)
    for what in (["-r", ROOT / "requirements-serve.lock"], [ROOT]):
        pip = [binaries / "python", "-m", "pip", "install", "--quiet", "--no-deps", *what]
        subprocess.run(pip, check=True)
    found = subprocess.run(
        [binaries / "python", "-c", "import importlib.util as u; print(u.find_spec('tensorflow'))"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    assert found.stdout.strip() == "None"

    crossrank = str(binaries / "crossrank")
    scores = tmp_path / "scores.parquet"
    log = str(simulation.path / "log")
    subprocess.run([crossrank, "predict", bundle, log, "--out", scores], check=True, cwd=tmp_path)
    offline = pl.read_parquet(scores)
    assert offline.height == 5_000
    refused = subprocess.run(
        [crossrank, "train", "base.toml"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert refused.returncode == 1
    assert "needs TensorFlow" in refused.stderr

    process = subprocess.Popen(
        [crossrank, "serve", bundle, "--port", "0"],
        stderr=subprocess.PIPE, text=True, cwd=tmp_path, env={**os.environ, "COLUMNS": "500"},
    )  # fmt: skip
    try:
        assert process.stderr is not None
        port = re.search(r":(\d+) ", process.stderr.readline())
        assert port is not None
        first = pl.read_parquet(simulation.log_files[0]).head(50)
        body = {"columns": {name: first[name].to_list() for name in ("item_id", "user_age")}}
        with closing(http.client.HTTPConnection("127.0.0.1", int(port[1]))) as connection:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/v1/score", json.dumps(body), headers)
            answer = json.loads(connection.getresponse().read())
        expected = offline["probability"].head(50).to_numpy()
        assert np.abs(np.array(answer["probabilities"]) - expected).max() < 1e-6
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        process.stderr.close()
