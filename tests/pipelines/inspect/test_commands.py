"""`crossrank inspect` and `crossrank drift`, as they are typed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
ROWS = {"city": ["x", "y", "[/z]", None] * 30, "price": [1.0, 2.5] * 60, "click": [0, 1, 1] * 40}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.parquet"
    pl.DataFrame(ROWS).write_parquet(path)
    return path


def refused(answer: Any, *words: str) -> None:
    assert (answer.code, answer.out) == (1, "")
    (line,) = [one for one in answer.err.splitlines() if one.strip() and "━" not in one]
    assert line.startswith("error: ")
    for word in words:
        assert word in line


def test_inspect_writes_a_page_and_its_numbers(
    crossrank: Callable[..., Any], log: Path, tmp_path: Path
) -> None:
    out = tmp_path / "pages" / "log.html"
    answer = crossrank("inspect", log, "--out", out)
    assert answer.code == 0
    assert "[/z] (33.33%)" in answer.out.replace("│", "")
    assert "label click" in answer.out
    numbers = json.loads(out.with_suffix(".json").read_text())
    assert out.read_text().startswith("<!DOCTYPE html>")
    printed = crossrank("inspect", log, "--out", out, "--json")
    assert printed.json == numbers
    assert numbers["label"]["rate"] == pytest.approx(2 / 3)
    unlabelled = crossrank(
        "inspect", log, "--label", "", "--out", out.with_suffix(".json"), "--json"
    )
    assert unlabelled.json["label"]["column"] is None


def test_inspect_says_what_is_wrong(
    crossrank: Callable[..., Any], log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(crossrank("inspect", log, "--label", "clik"), "Did you mean 'click'")
    refused(crossrank("inspect", log, "--label", "price"), "'price' holds Float64: 1.0, 2.5")
    refused(crossrank("inspect", tmp_path / "none.csv"), "none.csv")
    refused(crossrank("inspect", log, "--format", "parket"), "Did you mean 'parquet'")
    refused(crossrank("inspect", log, "--out", "page.pdf"), "*.html")
    (tmp_path / "taken").write_text("")
    refused(crossrank("inspect", log, "--out", "taken/page.html"), "could not be written")
    monkeypatch.setattr("pipelines.page.picture.find_spec", lambda _: None)
    refused(crossrank("inspect", log), "extra 'report'", "crossrank[report]")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.parquet", "taken"]


def test_drift_exits_with_2_where_a_column_drifted(
    crossrank: Callable[..., Any], log: Path, tmp_path: Path
) -> None:
    later = tmp_path / "later.parquet"
    pl.DataFrame({**ROWS, "price": [2.5, 9.0] * 60, "extra": [1] * 120}).write_parquet(later)
    same = crossrank("drift", log, log)
    assert same.code == 0
    assert "None of 3 columns is beyond a threshold." in same.out
    out = tmp_path / "drift.html"
    drifted = crossrank("drift", log, later, "--out", out)
    assert drifted.code == 2
    assert "Beyond a threshold, 2 of 4 columns: price, extra." in drifted.out
    assert out.read_text().startswith("<!DOCTYPE html>")
    printed = crossrank("drift", log, later, "--json")
    assert printed.code == 2
    assert printed.json == json.loads(out.with_suffix(".json").read_text())
    assert printed.json["beyond"] == ["price", "extra"]
    lenient = ("--threshold", "9", "--ks", "1", "--ignore", "extra")
    assert crossrank("drift", log, later, *lenient).code == 0
    assert crossrank("drift", log, later, "--ignore", "price", "--ignore", "extra").code == 0


def test_drift_says_what_is_wrong(crossrank: Callable[..., Any], log: Path, tmp_path: Path) -> None:
    refused(crossrank("drift", log, tmp_path / "none"), "none")
    refused(crossrank("drift", log, log, "--ignore", "citi"), "Did you mean 'city'")
    refused(crossrank("drift", log, log, "--out", tmp_path / "page"), "*.html")


def test_a_run_and_a_bundle_know_their_own_log(crossrank: Callable[..., Any], world: Any) -> None:
    log = world.folder / "log" / "log"
    for known in (world.run.folder, world.int8_bundle.folder, world.run.folder / "encoder"):
        found = crossrank("drift", known, log, "--unseen", "0.5", "--json")
        assert found.code == 0
        told = {one["column"]: one["unseen"] for one in found.json["columns"]}
        assert list(told) == ["user_age", "item_id", "item_category", "hour", "history"]
        assert told["hour"] == 0
        assert (
            crossrank("drift", log, known, "--unseen", "0.5", "--json").json["columns"]
            == (found.json["columns"])
        )
    refused(crossrank("drift", world.run.folder, world.int8_bundle.folder), "both hold an encoder")


def test_help_names_both() -> None:
    shown = subprocess.run(
        [sys.executable, "-c", "from pipelines.cli import main; main()", "--help"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert " inspect " in shown
    assert " drift " in shown


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
@pytest.mark.parametrize("name", ["criteo_dac", "avazu", "trivago2019"])
def test_real_logs(crossrank: Callable[..., Any], tmp_path: Path, name: str) -> None:
    file = next((SHARED / name).glob("*.csv.gz"))
    found = crossrank("inspect", file, "--out", tmp_path / "numbers.json", "--json").json
    raw = pl.read_csv(file, infer_schema_length=None)
    label = raw[found["label"]["column"]]
    assert (found["rows"], found["label"]["positives"]) == (raw.height, label.sum())
    for one in found["columns"]:
        values = raw[one["column"]]
        assert one["nulls"] == values.null_count()
        distinct = values.drop_nulls().n_unique()
        assert one["distinct"] == pytest.approx(distinct, rel=4 * one["distinct_error"])
        if "numbers" in one:
            assert one["numbers"]["mean"] == pytest.approx(values.mean())
            assert one["numbers"]["quantiles"]["100%"] == values.max()
    again = crossrank("drift", file, file, "--threshold", "0", "--ks", "0", "--unseen", "0")
    assert again.code == 0
