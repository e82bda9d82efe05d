import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from features.errors import ConfigError, DataError, SchemaError
from features.readers import csv
from features.readers.open import open_source


def _read(base: Path, name: str = "a.csv", **options: object) -> pl.DataFrame:
    return pl.concat(open_source(name, None, base, **options).batches())


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Infer from the first 64 bytes, so that a few rows make many blocks."""
    monkeypatch.setattr(csv, "_BLOCK", 64)


def test_types_are_inferred_and_empty_cells_are_null(write, tmp_path: Path) -> None:
    write(
        "a.csv",
        "id,zip,price,name,day,when,flag,void\n"
        "7,02139,1.5,x,2024-05-06,2024-05-06T07:08:09Z,true,\n"
        ',"",,"",,,,\n'
        '-9,1,2,"a,""b""\nc",2024-05-07,2024-05-06T07:08:10Z,false,\n',
    )
    found = _read(tmp_path)
    assert {name: str(dtype) for name, dtype in found.schema.items()} == {
        "id": "Int64", "zip": "Int64", "price": "Float64", "name": "String", "day": "Date",
        "when": "Datetime(time_unit='ms', time_zone='UTC')", "flag": "Boolean", "void": "String",
    }  # fmt: skip
    assert found.rows() == [
        (7, 2139, 1.5, "x", date(2024, 5, 6), datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC), True,
         None),
        (None,) * 8,
        (-9, 1, 2.0, 'a,"b"\nc', date(2024, 5, 7), datetime(2024, 5, 6, 7, 8, 10, tzinfo=UTC),
         False, None),
    ]  # fmt: skip


def test_integers_beyond_int64_stay_exact(write, tmp_path: Path) -> None:
    write("a.csv", "u,huge,real\n18446744073709551615,18446744073709551616,1.5\n1,,2\n")
    found = _read(tmp_path)
    assert found.schema == {"u": pl.UInt64, "huge": pl.String, "real": pl.Float64}
    assert found.rows() == [
        (18446744073709551615, "18446744073709551616", 1.5),
        (1, None, 2.0),
    ]


def test_declared_dtypes_win(write, tmp_path: Path) -> None:
    write("a.csv", "zip,click,price\n02139,1,3\n007,0,4\n")
    found = _read(tmp_path, dtypes={"zip": "string", "click": "int8", "price": "float32"})
    assert found.schema == {"zip": pl.String, "click": pl.Int8, "price": pl.Float32}
    assert found.rows() == [("02139", 1, 3.0), ("007", 0, 4.0)]


def test_null_values_separator_quotes_and_lost_headers(write, tmp_path: Path) -> None:
    write("a.csv", '1;NA;5" disk\n\\N;2;b\n')
    found = _read(
        tmp_path, separator=";", null_values=["NA", "\\N"], columns=["x", "y", "z"], quoted=False
    )
    assert found.rows() == [(1, None, '5" disk'), (None, 2, "b")]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_byte_order_marks_and_newlines_are_no_content(write, tmp_path: Path, newline: str) -> None:
    write("a.csv", f"\ufeffa,b{newline}1,x{newline}")
    assert _read(tmp_path).to_dicts() == [{"a": 1, "b": "x"}]


def test_compressed_files_may_be_several_streams_in_one(write, tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a\n1\n") + gzip.compress(b"2\n"))
    assert _read(tmp_path, "a.csv.gz")["a"].to_list() == [1, 2]
    zstd = pa.Codec("zstd")
    write("a.csv.zst", zstd.compress(b"a\n1\n", asbytes=True) + zstd.compress(b"2\n", asbytes=True))
    assert _read(tmp_path, "a.csv.zst")["a"].to_list() == [1, 2]


def test_later_files_take_the_first_ones_types_in_any_column_order(write, tmp_path: Path) -> None:
    write("1.csv", "a,b\n1.5,x\n")
    write("2.csv", "b,a\n7,2\n")
    write("3.csv", "a,b\n")
    found = _read(tmp_path, "[123].csv")
    assert found.rows() == [(1.5, "x"), (2.0, "7")]


def test_a_later_file_without_a_column_is_refused(write, tmp_path: Path) -> None:
    write("1.csv", "a,b\n1,x\n")
    write("2.csv", "a,c\n1,x\n")
    with pytest.raises(SchemaError, match=r"2\.csv has no column 'b', which 1\.csv has"):
        open_source("?.csv", None, tmp_path)


@pytest.mark.usefixtures("small_blocks")
def test_a_cell_that_breaks_the_inferred_dtype(write, tmp_path: Path) -> None:
    write("a.csv", "a,price\n" + "1,2\n" * 40 + "1,2.5\n" + "1,3\n")
    source = open_source("a.csv", None, tmp_path)
    assert source.schema["price"] == pl.Int64
    message = r"a\.csv, column 'price', row 41: cells must be int64.*'2\.5'.*dtypes\.price"
    for columns in (None, ["price"], ["price", "a"]):
        with pytest.raises(DataError, match=message):
            list(source.batches(columns))
    assert pl.concat(source.batches(["a"])).height == 42
    assert _read(tmp_path, dtypes={"price": "float64"})["price"].sum() == 85.5


@pytest.mark.usefixtures("small_blocks")
def test_a_column_empty_in_the_sample_is_text(write, tmp_path: Path) -> None:
    write("a.csv", "a,b\n" + "1,\n" * 40 + "1,x\n")
    assert _read(tmp_path)["b"].to_list() == [None] * 40 + ["x"]


@pytest.mark.usefixtures("small_blocks")
def test_a_ragged_row_names_its_line(write, tmp_path: Path) -> None:
    write("a.csv", "a,b\n" + "1,2\n" * 40 + "\n" + "1,2,3\n" + "1,2\n")
    source = open_source("a.csv", None, tmp_path)
    with pytest.raises(DataError, match=r"a\.csv, line 43: .* 2 cells.*got 3 cells: '1,2,3'"):
        list(source.batches())
    write("a.csv", "a,b\n1\n")
    with pytest.raises(DataError, match=r"a\.csv, line 2: .* 2 cells.*got 1 cells"):
        open_source("a.csv", None, tmp_path)


@pytest.mark.usefixtures("small_blocks")
def test_other_encodings_are_refused(write, tmp_path: Path) -> None:
    write("late.csv", b"a\n" + b"xxxxxxxx\n" * 2_000 + b"\xe9t\xe9\n")
    with pytest.raises(DataError, match=r"late\.csv, column 'a': cells must be UTF-8"):
        _read(tmp_path, "late.csv")
    write("head.csv", b"\xe9\n1\n")
    with pytest.raises(DataError, match=r"head\.csv cannot be read: the text must be UTF-8"):
        _read(tmp_path, "head.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", "no rows"),
        ("a,b", "no rows"),
        ("a,a\n1,2\n", "got 'a' twice"),
        ("\n\n1\n", "got no header"),
    ],
)
def test_files_that_hold_no_table(write, tmp_path: Path, text: str, message: str) -> None:
    write("a.csv", text)
    with pytest.raises(DataError, match=message):
        open_source("a.csv", None, tmp_path)


def test_damaged_compression_is_named(tmp_path: Path) -> None:
    lines = b"a\n" + b"".join(b"%d\n" % (n * n * 7919 % 1_000_003) for n in range(900_000))
    whole = gzip.compress(lines, compresslevel=1)
    for size in (4, 100, len(whole) - 4):
        (tmp_path / "a.csv.gz").write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"a\.csv\.gz cannot be read: .* ends early"):
            _read(tmp_path, "a.csv.gz")
    zstd = pa.Codec("zstd").compress(lines, asbytes=True)
    (tmp_path / "a.csv.zst").write_bytes(zstd[: len(zstd) // 2])
    with pytest.raises(DataError, match=r"a\.csv\.zst cannot be read: .* ends early"):
        _read(tmp_path, "a.csv.zst")
    for name, kind in (("b.csv.gz", "gzip"), ("b.csv.zst", "zstd")):
        (tmp_path / name).write_text("a\n1\n")
        with pytest.raises(DataError, match=f"not the {kind} its name promises"):
            _read(tmp_path, name)


def test_declarations_must_hold(write, tmp_path: Path) -> None:
    write("a.csv", "price,b\n1,2\n")
    with pytest.raises(ConfigError, match=r"'prices', which .*Did you mean 'price'"):
        _read(tmp_path, dtypes={"prices": "int8"})
    with pytest.raises(ConfigError, match=r"dtypes\['b'\] must be one of .*Did you mean 'int64'"):
        _read(tmp_path, dtypes={"b": "integer64"})
    with pytest.raises(ConfigError, match="columns must be distinct"):
        _read(tmp_path, columns=["a", "a"])
    with pytest.raises(DataError, match="column 'b', row 1: cells must be date"):
        _read(tmp_path, dtypes={"b": "date"})


def test_the_real_csv_logs(shared) -> None:
    base = shared("criteo_dac")
    train = open_source("train_rows_0_63999.csv.gz", None, base)
    valid = open_source("valid_rows_64000_71999.csv.gz", None, base)
    assert (train.count(), valid.count()) == (64_000, 8_000)
    assert train.schema == valid.schema
    assert [str(dtype) for dtype in train.schema.values()] == ["Int64"] * 14 + ["String"] * 26
    labels = pl.concat(train.batches(["label"], rows=10_000))["label"]
    assert labels.mean() == pytest.approx(0.224, abs=0.01)


def test_parity_with_polars_on_real_logs(shared) -> None:
    base = shared("criteo_dac")
    ours = _read(base, "valid_rows_64000_71999.csv.gz")
    theirs = pl.read_csv(base / "valid_rows_64000_71999.csv.gz", infer_schema_length=None)
    assert ours.equals(theirs)
