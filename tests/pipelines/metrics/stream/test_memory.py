"""Metrics of a long log take the memory of a part, however long it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from pipelines.metrics.evaluate import evaluate
from pipelines.metrics.parse import parse_metrics
from pipelines.metrics.predictions import Predictions

ROOT = Path(__file__).parents[4]
METRICS = "AUC,PRAUC,ECE(bins=20),LogLoss,GAUC(user)"
# By how much the process grew at most, and what it found.
MEASURE = """
import json, re, sys
from pathlib import Path
import numpy, pandas, polars, pyarrow.parquet, scipy
from features.readers.open import open_source
from pipelines.metrics.parse import parse_metrics
from pipelines.metrics.stream.evaluate import evaluate_stream

def status(key):
    return int(re.search(rf"{key}:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

file = Path(sys.argv[1])
source = open_source(str(file), None, file.parent)
before = status("VmRSS")
found = evaluate_stream(
    parse_metrics(sys.argv[2]), source.batches(["label", "score", "user"]), file.parent, 100_000
)
values = {name: one.value for name, one in found.items()}
print(json.dumps([status("VmHWM") - before, values]))
"""


def write_log(file: Path, rows: int) -> int:
    """Scored clicks of users whose rows are spread over the log; the bytes they would take."""
    size, writer = 0, None
    for start in range(0, rows, 500_000):
        random = np.random.default_rng(start)
        score = random.random(500_000)
        label = (random.random(500_000) < score).astype(np.float64)
        columns = {"label": label, "score": score, "user": random.integers(0, rows // 20, 500_000)}
        block = pl.DataFrame(columns)
        size += block.estimated_size()
        table = block.to_arrow()
        writer = writer or pq.ParquetWriter(file, table.schema)
        writer.write_table(table, row_group_size=65_536)
    assert writer is not None
    writer.close()
    return int(size)


def measured(file: Path) -> tuple[int, dict[str, float]]:
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, file, METRICS],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    grew, values = json.loads(answer.stdout)
    return grew, values


@pytest.mark.slow
def test_a_log_of_four_times_the_length_takes_no_more_memory(tmp_path: Path) -> None:
    short, long = tmp_path / "short.parquet", tmp_path / "long.parquet"
    sizes = write_log(short, 2_000_000), write_log(long, 8_000_000)
    (grew, values), (grew_long, _) = measured(short), measured(long)
    assert sizes[1] > 1.5 * grew_long
    assert grew_long - grew < 0.15 * (sizes[1] - sizes[0])
    frame = pl.read_parquet(short)
    label, score, user = (frame[name].to_numpy() for name in ("label", "score", "user"))
    whole = evaluate(parse_metrics(METRICS), Predictions(label, score, None, {"user": user}))
    assert values == pytest.approx(whole, rel=1e-12)
