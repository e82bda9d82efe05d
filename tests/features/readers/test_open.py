from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from features.errors import ConfigError, DataError
from features.readers.arrow import ArrowSource
from features.readers.csv import CsvSource
from features.readers.open import FORMATS, open_source
from features.readers.parquet import ParquetSource

FRAME = pl.DataFrame({"a": [1, 2], "b": ["x", "y"]})


@pytest.mark.parametrize("name", ["a.csv", "a.CSV", "a.csv.gz", "a.csv.zst", "a.tsv", "a.tsv.gz"])
def test_text_formats_are_guessed(write, tmp_path: Path, name: str) -> None:
    text = FRAME.write_csv(separator="\t" if ".tsv" in name else ",").encode()
    if name.endswith(".zst"):
        text = pa.Codec("zstd").compress(text, asbytes=True)
    write(name, text)
    source = open_source(name, None, tmp_path)
    assert isinstance(source, CsvSource)
    assert pl.concat(source.batches()).equals(FRAME)


def test_binary_formats_are_guessed(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    FRAME.write_ipc(tmp_path / "a.arrow")
    FRAME.write_ipc(tmp_path / "a.feather")
    for name, kind in (
        ("a.parquet", ParquetSource), ("a.arrow", ArrowSource), ("a.feather", ArrowSource),
    ):  # fmt: skip
        source = open_source(name, None, tmp_path)
        assert isinstance(source, kind)
        assert pl.concat(source.batches()).equals(FRAME)


def test_a_declared_format_overrules_the_extension(write, tmp_path: Path) -> None:
    write("a.csv", "1 1:2\n")
    assert list(open_source("a.csv", "libsvm", tmp_path).schema) == ["label", "f1"]


def test_an_unknown_format_names_all_and_the_nearest(write, tmp_path: Path) -> None:
    write("a.csv", "a\n1\n")
    with pytest.raises(ConfigError) as raised:
        open_source("a.csv", "letro", tmp_path)
    assert "Did you mean 'letor'" in str(raised.value)
    for name in FORMATS:
        assert name in str(raised.value)


def test_an_extension_that_says_nothing_asks_for_the_format(write, tmp_path: Path) -> None:
    write("S1.txt", "0 qid:1 1:2\n")
    with pytest.raises(ConfigError, match=r"'S1\.txt' cannot be told.*letor"):
        open_source("S1.txt", None, tmp_path)


def test_files_of_two_formats_are_refused(write, tmp_path: Path) -> None:
    write("a.csv", "a\n1\n")
    write("b.tsv", "a\n1\n")
    with pytest.raises(ConfigError, match=r"a\.csv \(csv\), b\.tsv \(tsv\)"):
        open_source(["a.csv", "b.tsv"], None, tmp_path)


def test_options_are_checked(write, tmp_path: Path) -> None:
    write("a.csv", "a\n1\n")
    with pytest.raises(ConfigError, match=r"no option 'separater'.* Did you mean 'separator'\?"):
        open_source("a.csv", None, tmp_path, separater=";")
    with pytest.raises(ConfigError, match=r"option separator of format 'csv'.*got ';;'") as raised:
        open_source("a.csv", None, tmp_path, separator=";;")
    assert "\n" not in str(raised.value)
    with pytest.raises(ConfigError, match="its options are none"):
        open_source("a.csv", "criteo", tmp_path, separator=";")


def test_a_missing_file_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'a\.parquet' matches no file"):
        open_source("a.parquet", None, tmp_path)
