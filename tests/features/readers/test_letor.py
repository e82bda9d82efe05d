from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_svmlight_file

from features.errors import DataError
from features.readers import lines
from features.readers.open import open_source


def _read(base: Path, **options: object) -> pl.DataFrame:
    return pl.concat(open_source("a.txt", "letor", base, **options).batches())


def test_values_by_hand(write, tmp_path: Path) -> None:
    write(
        "a.txt",
        "2 qid:10 1:0.5 2:-1 4:3e-1 #docid = GX008-86 inc = 1 prob = 0.08\n"
        "0 qid:10\n"
        "1 qid:11 3:2 # no id here\n",
    )
    found = _read(tmp_path)
    assert found.schema == {
        "label": pl.Int32, "qid": pl.Int64, **dict.fromkeys(["f1", "f2", "f3", "f4"], pl.Float32),
        "docid": pl.String,
    }  # fmt: skip
    assert found.rows() == [
        (2, 10, 0.5, -1.0, 0.0, np.float32(0.3), "GX008-86"),
        (0, 10, 0.0, 0.0, 0.0, 0.0, None),
        (1, 11, 0.0, 0.0, 2.0, 0.0, None),
    ]


def test_without_docids_there_is_no_such_column(write, tmp_path: Path) -> None:
    write("a.txt", "2 qid:10 1:0.5 # remark\n")
    assert _read(tmp_path).columns == ["label", "qid", "f1"]


def test_query_ids_are_strings_where_one_is_no_number(write, tmp_path: Path) -> None:
    write("a.txt", "2 qid:q7 1:0.5\n1 qid:8 1:0.5\n")
    assert _read(tmp_path)["qid"].to_list() == ["q7", "8"]
    write("a.txt", "2 qid:007 1:0.5\n")
    assert _read(tmp_path)["qid"].to_list() == [7]
    assert _read(tmp_path, qid="string")["qid"].to_list() == ["007"]


def test_features_may_be_counted(write, tmp_path: Path) -> None:
    write("a.txt", "2 qid:1 2:0.5\n")
    assert _read(tmp_path, features=3).to_dicts() == [
        {"label": 2, "qid": 1, "f1": 0.0, "f2": 0.5, "f3": 0.0}
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1.5 qid:1 1:2", "line 301: a grade must be a whole number"),
        ("9999999999 qid:1 1:2", "line 301: a grade must be a whole number"),
        ("a qid:1 1:2", "line 301: a line must begin with its label"),
        ("1 1:2", "line 301: the second item of a line must be qid:N; got '1:2'.*use libsvm"),
        ("1 qid: 1:2", "line 301: the second item of a line must be qid:N; got 'qid:'"),
        ("1", "line 301: the second item of a line must be qid:N; got '1'"),
        ("1 qid:x 1:2", "line 301: query ids must be whole numbers.*qid = 'string'"),
        ("1 qid:1 2:2", "line 301: feature indices must be from 1 to 1; got '2'.*option features"),
        ("1 qid:1 1=2", "line 301: features must be written index:value.*got '1=2'"),
    ],
)
def test_a_bad_line_is_named(
    write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, message: str
) -> None:
    monkeypatch.setattr(lines, "_BLOCK", 256)  # so that the line is beyond what is inferred from
    write("a.txt", "1 qid:1 1:2\n" * 300 + line + "\n")
    with pytest.raises(DataError, match=rf"a\.txt, {message}"):
        _read(tmp_path)


def test_truncated_gzip_is_named(shared, tmp_path: Path) -> None:
    whole = (shared("mq2008") / "S1.txt.gz").read_bytes()
    (tmp_path / "S1.txt.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"S1\.txt\.gz cannot be read: .* ends early"):
        list(open_source("S1.txt.gz", "letor", tmp_path).batches())


def test_mq2008_is_what_scikit_learn_reads(shared) -> None:
    base = shared("mq2008")
    source = open_source(".", "letor", base)
    ours = pl.concat(source.batches(rows=4_000))
    parts = [
        load_svmlight_file(str(base / f"S{part}.txt.gz"), query_id=True) for part in range(1, 6)
    ]
    assert [file.name for file in source.files] == [f"S{part}.txt.gz" for part in range(1, 6)]
    assert source.count() == ours.height == 15_211
    assert ours["qid"].n_unique() == 784
    x = np.concatenate([part[0].toarray() for part in parts]).astype(np.float32)
    assert x.shape == (15_211, 46)
    assert np.array_equal(ours.select(f"f{n}" for n in range(1, 47)).to_numpy(), x)
    assert np.array_equal(ours["label"], np.concatenate([part[1] for part in parts]))
    assert np.array_equal(ours["qid"], np.concatenate([part[2] for part in parts]))
    assert ours["docid"].null_count() == 0
    assert ours["docid"][0] == "GX008-86-4444840"
