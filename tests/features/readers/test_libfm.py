from pathlib import Path

import polars as pl
import pytest

from features.errors import ConfigError, DataError
from features.readers.open import open_source


def _read(base: Path, **options: object) -> pl.DataFrame:
    return pl.concat(open_source("a.txt", "libsvm", base, fields=True, **options).batches())


def test_each_position_is_a_field(write, tmp_path: Path) -> None:
    write("a.txt", "-1 451:1 4149:1 0:1\n1 12:1 12:1 5381:1\n")
    found = _read(tmp_path)
    assert found.schema == {
        "label": pl.Float32, "field_0": pl.Int64, "field_1": pl.Int64, "field_2": pl.Int64,
    }  # fmt: skip
    assert found.rows() == [(-1.0, 451, 4149, 0), (1.0, 12, 12, 5381)]


def test_fields_may_be_named_or_counted(write, tmp_path: Path) -> None:
    write("a.txt", "1 3:1 4:1\n")
    assert _read(tmp_path, columns=["user", "item"]).to_dicts() == [
        {"label": 1.0, "user": 3, "item": 4}
    ]
    assert _read(tmp_path, columns=2).columns == ["label", "field_0", "field_1"]
    for bad in (3, ["user"], ["user", "item", "tag"]):
        with pytest.raises(ConfigError, match="name or count the 2 fields"):
            _read(tmp_path, columns=bad)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1 3:1", "line 2: a line must hold a label and 2 fields"),
        ("1 3:1 4:1 5:1", "line 2: a line must hold a label and 2 fields"),
        ("1 3:1 4:0.5", "line 2: each field must be written id:1"),
        ("1 3:1 x:1", "line 2: features must be written index:value.*got 'x:1'"),
    ],
)
def test_a_bad_line_is_named(write, tmp_path: Path, line: str, message: str) -> None:
    write("a.txt", f"1 3:1 4:1\n{line}\n")
    with pytest.raises(DataError, match=message):
        _read(tmp_path)
