import gzip
from pathlib import Path

import polars as pl
import pytest

from features.errors import DataError
from features.readers.criteo import IDS, INTEGERS
from features.readers.open import open_source


def test_a_row_by_hand(write, tmp_path: Path) -> None:
    integers = ["-1", "", *(str(n) for n in range(3, 14))]
    ids = ["68fd1e64", "", *(f"00000{n:03d}" for n in range(3, 27))]
    write("day_0.gz", "\t".join(["1", *integers, *ids]) + "\n")
    source = open_source("day_0.gz", "criteo", tmp_path)
    assert source.schema == {
        "label": pl.Int8,
        **dict.fromkeys(INTEGERS, pl.Int64),
        **dict.fromkeys(IDS, pl.String),
    }
    (row,) = pl.concat(source.batches()).rows()
    assert row == (1, -1, None, *range(3, 14), "68fd1e64", None, *ids[2:])


def test_a_row_of_39_cells_is_refused(write, tmp_path: Path) -> None:
    write("day_0", "1" + "\t" * 39 + "\n" + "1" + "\t" * 38 + "\n")
    with pytest.raises(DataError, match=r"day_0, line 2: a row must have 40 cells.*got 39"):
        open_source("day_0", "criteo", tmp_path)


def test_the_same_rows_as_the_csv_form(shared, tmp_path: Path) -> None:
    base = shared("criteo_dac")
    wide = pl.concat(open_source("valid_rows_64000_71999.csv.gz", None, base).batches())
    text = wide.write_csv(separator="\t", include_header=False, quote_style="never")
    (tmp_path / "train.txt.gz").write_bytes(gzip.compress(text.encode(), 1))
    source = open_source("train.txt.gz", "criteo", tmp_path)
    assert source.count() == 8_000
    assert pl.concat(source.batches(rows=3_000)).cast({"label": pl.Int64}).equals(wide)
