"""Preparing takes the memory of a few chunks and of the vocabularies, however long the log is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[2]
CONFIG = """
name = "wide"

[data]
paths = "log.parquet"
label = "click"

[[features]]
type = "id"
columns = "C1..C24"

[[features]]
type = "numeric"
columns = "I1..I12"
log = true

[model]
type = "dcn_v2"
"""
# What the process holds before it has seen a row, and at most, but for the code it has mapped.
MEASURE = """
import re, sys
from pathlib import Path
import polars, pyarrow.parquet, numpy, xgboost
from pipelines.config import load_config
from pipelines.prepare import prepare

def status(key):
    return int(re.search(rf"{key}:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

config = load_config(Path(sys.argv[1]))
before = status("VmRSS")
prepare(config, Path(sys.argv[2]), lambda *_: None)
print([before, status("VmHWM")])
"""


def write_log(path: Path, rows: int) -> int:
    """Criteo-shaped rows, a block at a time; returns the bytes they would take in memory."""
    order = np.random.default_rng(0)
    names = pl.Series([f"{value:08x}" for value in order.integers(0, 2**32, 50_000)])
    size, writer = 0, None
    for start in range(0, rows, 250_000):
        height = min(250_000, rows - start)
        ids = {
            f"C{i + 1}": names.gather(order.zipf(1.2, height).clip(max=50_000) - 1)
            for i in range(24)
        }
        numbers = {f"I{i + 1}": order.lognormal(size=height) for i in range(12)}
        block = pl.DataFrame({"click": order.integers(0, 2, height), **ids, **numbers})
        size += block.estimated_size()
        table = block.to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=65_536)
    assert writer is not None
    writer.close()
    return int(size)


def grown(folder: Path, rows: int) -> tuple[int, int]:
    """(bytes that the log would take, bytes by which the process grew)."""
    folder.mkdir()
    size = write_log(folder / "log.parquet", rows)
    (folder / "wide.toml").write_text(CONFIG)
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, folder / "wide.toml", folder / "runs"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    before, after = json.loads(answer.stdout)
    return size, after - before


@pytest.mark.slow
def test_a_log_of_five_times_the_memory_is_prepared(tmp_path: Path) -> None:
    # Below some 3 million rows the allocators still fill their pools.
    short, long = grown(tmp_path / "short", 3_000_000), grown(tmp_path / "long", 12_000_000)
    assert long[0] > 5 * long[1]
    assert long[1] - short[1] < 0.1 * (long[0] - short[0])
