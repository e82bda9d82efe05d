import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipelines.config import load_config
from serving.bundle import open_bundle


def test_the_demo_walks_the_whole_path(crossrank: Callable[..., Any], tmp_path: Path) -> None:
    out = tmp_path / "demo"
    answer = crossrank("demo", "--out", out, "--rows", "20000", "--json")
    assert answer.code == 0, answer.err
    summary = answer.json
    assert summary["test"]["ctr"]["AUC"] < summary["test"]["truth"]["AUC"]
    assert 0 < summary["latency_ms"]["p50"] <= summary["latency_ms"]["p99"]
    assert summary["bundle_bytes"] == open_bundle(out / "bundle").size
    assert load_config(out / "demo.toml").ranker is not None
    run = json.loads((out / "run" / "run.json").read_text())
    assert sum(run["rows"].values()) == 20_000
    for stage in ("simulate", "fit", "encode", "train, epoch 1", "train ranker", "over HTTP"):
        assert stage in answer.err


def test_the_demo_shows_a_table_and_what_to_do_next(
    crossrank: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "demo"
    answer = crossrank("demo", "--out", out, "--rows", "20000")
    for words in ("AUC", "log loss", "calibration", "NDCG@10", "bundle size", "p50 / p99"):
        assert words in answer.out
    following = [line for line in answer.out.splitlines() if line.startswith("  crossrank ")]
    assert len(following) == 3
    evaluate = following[0].split()[1:]
    assert crossrank(*evaluate).code == 0
