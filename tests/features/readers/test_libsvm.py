from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import dump_svmlight_file, load_svmlight_file

from features.errors import ConfigError, DataError
from features.readers import lines
from features.readers.open import open_source


def _read(base: Path, **options: object) -> pl.DataFrame:
    return pl.concat(open_source("a.txt", "libsvm", base, **options).batches())


def test_values_by_hand(write, tmp_path: Path) -> None:
    write("a.txt", "# a comment\n+1 1:0.5\t3:-2e1   4:7 # why not\n\n-1 2:.25\r\n0\n")
    found = _read(tmp_path)
    assert set(found.schema.values()) == {pl.Float32}
    assert found.columns == ["label", "f1", "f2", "f3", "f4"]
    assert found.rows() == [
        (1.0, 0.5, 0.0, -20.0, 7.0),
        (-1.0, 0.0, 0.25, 0.0, 0.0),
        (0.0, 0.0, 0.0, 0.0, 0.0),
    ]


def test_the_first_index_is_seen_or_declared(write, tmp_path: Path) -> None:
    write("a.txt", "1 0:5 2:6\n")
    assert _read(tmp_path).to_dicts() == [{"label": 1.0, "f0": 5.0, "f1": 0.0, "f2": 6.0}]
    write("a.txt", "1 1:5 2:6\n")
    assert _read(tmp_path, first_index=0).columns == ["label", "f0", "f1", "f2"]
    assert _read(tmp_path).columns == ["label", "f1", "f2"]


def test_columns_are_named_or_counted(write, tmp_path: Path) -> None:
    write("a.txt", "1 1:5 3:6\n")
    assert _read(tmp_path, columns=["x", "y", "z"]).to_dicts() == [
        {"label": 1.0, "x": 5.0, "y": 0.0, "z": 6.0}
    ]
    assert _read(tmp_path, columns=5).columns == ["label", "f1", "f2", "f3", "f4", "f5"]
    for bad in (["x", "x"], ["label"], []):
        with pytest.raises(ConfigError, match="distinct names other than 'label'"):
            _read(tmp_path, columns=bad)


def test_features_out_of_order_land_where_they_belong(write, tmp_path: Path) -> None:
    write("a.txt", "1 3:6 1:5\n0 2:1\n")
    assert _read(tmp_path).rows() == [(1.0, 5.0, 0.0, 6.0), (0.0, 0.0, 1.0, 0.0)]


@pytest.mark.parametrize("zero_based", [True, False])
def test_parity_with_scikit_learn(tmp_path: Path, zero_based: bool) -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(300, 17)) * (rng.random((300, 17)) < 0.4)
    x[0, [0, -1]] = 1.0
    y = rng.normal(size=300)
    file = tmp_path / "a.txt"
    dump_svmlight_file(x, y, str(file), zero_based=zero_based, comment="made here")
    theirs, labels = load_svmlight_file(str(file), zero_based=zero_based)
    ours = _read(tmp_path)
    assert np.array_equal(ours["label"], labels.astype(np.float32))
    assert np.array_equal(ours.drop("label").to_numpy(), theirs.toarray().astype(np.float32))


def test_parity_on_the_lightgbm_example(shared) -> None:
    base = shared("lightgbm_rank")
    ours = pl.concat(open_source("rank.train.gz", "libsvm", base).batches(rows=700))
    x, y = load_svmlight_file(str(base / "rank.train.gz"), zero_based=False)
    assert np.array_equal(ours["label"], y.astype(np.float32))
    assert np.array_equal(ours.drop("label").to_numpy(), x.toarray().astype(np.float32))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x 1:2", r"line 4: a line must begin with its label, a number; got 'x'"),
        ("nan 1:2", r"line 4: a line must begin with its label, a number; got 'nan'"),
        ("1 1:", r"line 4: features must be written index:value.*got '1:'"),
        ("1 1", r"line 4: features must be written index:value.*got '1'"),
        ("1 a:1", r"line 4: features must be written index:value.*got 'a:1'"),
        ("1 1:2:3", r"line 4: features must be written index:value.*got '1:2:3'"),
        ("1 qid:3 1:2", r"line 4: features must be written index:value.*got 'qid:3'"),
        ("1 1:2 1:3", r"line 4: an index may come once a line; got '1 again'"),
        ("1 2:2 1:3 2:4", r"line 4: an index may come once a line; got '2 again'"),
        ("1 0:2", r"line 4: feature indices must be from 1 to 2; got '0'.*first_index"),
        ("1 -1:2", r"line 4: feature indices must be from 1 to 2; got '-1'"),
        ("1 3:2", r"line 4: feature indices must be from 1 to 2; got '3'.*option columns"),
    ],
)
def test_a_bad_line_is_named(write, tmp_path: Path, line: str, message: str) -> None:
    write("good.txt", "1 1:2\n")
    write("a.txt", f"1 1:2\n\n# note\n{line}\n1 1:2\n")
    source = open_source(["good.txt", "a.txt"], "libsvm", tmp_path, columns=2)
    with pytest.raises(DataError, match=rf"a\.txt, {message}"):
        list(source.batches())


def test_line_numbers_run_on_over_blocks(
    write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "_BLOCK", 64)
    write("a.txt", "1 1:2\n" * 500 + "1 x\n")
    with pytest.raises(DataError, match=r"a\.txt, line 501: "):
        _read(tmp_path)


def test_ids_are_not_made_columns(write, tmp_path: Path) -> None:
    write("a.txt", "1 5:1 90445:1\n")
    with pytest.raises(DataError, match=r"indices up to 90,445\. Set fields = true"):
        _read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("# nothing\n\n", "no rows"),
        ("1\n", "its first rows have none"),
        ("x" * (9 << 20), "longer than a read block"),
        (b"1 1:\xff\n", "must be UTF-8"),
    ],
)
def test_what_is_not_libsvm(write, tmp_path: Path, content: str | bytes, message: str) -> None:
    write("a.txt", content)
    with pytest.raises(DataError, match=message):
        _read(tmp_path)
