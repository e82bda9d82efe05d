"""The examples run on their real data, and the server answers what the trainer would."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.readers.open import open_source
from pipelines.config import load_config
from pipelines.evaluate import evaluate_scores
from pipelines.export import export
from pipelines.quantization.config import ExportConfig
from pipelines.run import Run
from pipelines.scoring import PROBABILITY, score
from pipelines.train import train

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
RUN_MAIN = "from pipelines.cli import main; main()"
pytestmark = pytest.mark.skipif(
    not SHARED.exists(), reason="the public datasets of ../shared/data are not here"
)


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Report to nobody."""


def trained(name: str, folder: Path, *overrides: str) -> Run:
    config = load_config(ROOT / "examples" / f"{name}.toml", overrides)
    return train(config, folder / "runs" / name, silent)


def on_test(run: Run) -> dict[str, dict[str, float]]:
    return evaluate_scores(score(run.prepared.part("test"), run.model, run.ranker))


@pytest.fixture(scope="module")
def criteo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return trained("criteo", tmp_path_factory.mktemp("criteo"), "train.epochs=2")


def test_criteo_learns(criteo: Run) -> None:
    metrics = on_test(criteo)["ctr"]
    assert metrics["AUC"] > 0.76
    assert metrics["NE"] < 0.86


@pytest.mark.parametrize(
    "name", ["trivago", pytest.param("beauty", marks=pytest.mark.slow), "avazu"]
)
def test_clicks_and_sequences_learn(name: str, tmp_path: Path) -> None:
    faster = {
        "trivago": ["train.epochs=1", "ranker.rounds=20"],
        "beauty": ["train.epochs=1", "data.options.valid_negatives=5"],
        "avazu": ["train.epochs=3"],
    }
    run = trained(name, tmp_path, *faster[name])
    metrics = on_test(run)
    assert metrics["ctr"]["AUC"] > {"trivago": 0.5, "beauty": 0.6, "avazu": 0.65}[name]
    if name == "trivago":
        assert run.ranker is not None
        bias = run.ranker.bias["click"]
        assert bias[0] == 1
        assert bias[9] < bias[1] < 1  # lower positions are looked at less


def test_mq2008_ranks(tmp_path: Path) -> None:
    metrics = on_test(trained("mq2008", tmp_path, "ranker.rounds=60"))
    assert set(metrics) == {"ranker"}
    assert metrics["ranker"]["nDCG@10"] > 0.68


@contextmanager
def server(bundle: Path) -> Iterator[http.client.HTTPConnection]:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN_MAIN, "serve", str(bundle), "--port", "0"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "500"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        port = re.search(r":(\d+) ", process.stderr.readline())
        assert port is not None
        with closing(http.client.HTTPConnection("127.0.0.1", int(port[1]), timeout=30)) as one:
            yield one
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        process.stderr.close()


def ask(connection: http.client.HTTPConnection, body: dict[str, Any]) -> Any:
    connection.request("POST", "/v1/score", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = json.loads(response.read())
    assert response.status == 200, answer
    return answer


@pytest.mark.parametrize(
    ("quantize", "largest", "mean"), [("none", 1e-5, 1e-6), ("int8", 0.05, 5e-3)]
)
def test_the_server_scores_real_rows_as_the_trainer_does(
    criteo: Run, tmp_path: Path, quantize: Any, largest: float, mean: float
) -> None:
    """The test part's raw rows over HTTP; they hold missing values and ids unseen in training."""
    bundle = export(criteo, tmp_path / "bundle", ExportConfig(quantize=quantize))
    file = SHARED / "criteo_dac" / "valid_rows_64000_71999.csv.gz"
    raw = pl.concat(
        list(open_source(str(file), "csv", ROOT).batches(criteo.encoder.schema.columns))
    )
    encoded = criteo.encoder.encode(raw)
    ids = encoded.select(field.name for field in criteo.encoder.layout.ids)
    assert (ids == 0).sum().sum_horizontal().item() > 1000
    assert (ids == 1).sum().sum_horizontal().item() > 1000
    expected = score(criteo.prepared.part("test"), criteo.model, None)[PROBABILITY].to_numpy()
    found: list[float] = []
    with server(bundle.folder) as connection:
        for part in raw.iter_slices(1000):
            found += ask(connection, {"columns": part.to_dict(as_series=False)})["probabilities"]
        one = ask(connection, {"rows": [raw.row(5, named=True)]})["probabilities"]
    assert one[0] == pytest.approx(found[5], abs=1e-6 if quantize == "none" else 0.02)
    difference = np.abs(np.array(found) - expected)
    assert len(found) == 8000
    assert difference.max() < largest
    assert difference.mean() < mean
