"""TREC runs and qrels, as trec_eval reads them."""

from pathlib import Path

import polars as pl
import pytest

from features.errors import DataError
from features.readers.open import open_source


def _read(base: Path, name: str, format: str | None = None) -> pl.DataFrame:
    return pl.concat(open_source(name, format, base).batches())


def test_a_run_by_hand(write, tmp_path: Path) -> None:
    write(
        "a.run",
        "# a remark\n301\tQ0\tFBIS3-1#2\t99\t  2.5\tTAG more junk\n\n"
        " 302 Q0  Ünïcode😀 1 -1e-3 TAG\n",
    )
    found = _read(tmp_path, "a.run")
    assert found.schema == {"query": pl.String, "item": pl.String, "score": pl.Float64}
    assert found.rows() == [("301", "FBIS3-1#2", 2.5), ("302", "Ünïcode😀", -1e-3)]


def test_qrels_by_hand(write, tmp_path: Path) -> None:
    write("a.qrels.gz", "007 0 CR93E-1 2\n007 0 CR93E-2 -1\n")
    found = _read(tmp_path, "a.qrels.gz")
    assert found.schema == {"query": pl.String, "item": pl.String, "label": pl.Int32}
    assert found.rows() == [("007", "CR93E-1", 2), ("007", "CR93E-2", -1)]


@pytest.mark.parametrize(
    ("name", "line", "form"),
    [
        ("a.run", "1 Q0 a 1 best tag", "query Q0 item rank score"),
        ("a.run", "1 Q0 a 1 nan tag", "query Q0 item rank score"),
        ("a.run", "1 Q0 a 1", "query Q0 item rank score"),
        ("a.qrels", "1 0 a 1.5", "query 0 item label"),
        ("a.qrels", "1 0 a", "query 0 item label"),
        ("a.qrels", "1 0 a 9999999999", "query 0 item label"),
    ],
)
def test_a_bad_line_is_named(write, tmp_path: Path, name: str, line: str, form: str) -> None:
    write(name, f"1 Q0 x 1 1 t\n\n{line}\n1 Q0 y 2 0 t\n")
    with pytest.raises(DataError, match=rf"{name}, line 3: a line must be '{form}'.*got '{line}'"):
        _read(tmp_path, name)


def test_trec_evals_own_files(shared) -> None:
    folder = shared("trec_eval")
    run = _read(folder, "results.test.gz", "trec_run")
    assert run.height == 1500
    assert run["query"].unique().sort().to_list() == ["301", "302", "303"]
    assert _read(folder, "results.trunc", "trec_run").height == 584
    # A "#" begins a comment only where a line begins.
    plain, commented = (
        _read(folder, f"qrels.{name}", "trec_qrels") for name in ("test", "test.with-comments")
    )
    assert plain.height == commented.height == 3681
    assert commented["item"].filter(commented["item"] != plain["item"]).to_list() == ["CR#93E-1860"]
