from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.feather as feather
import pytest

from features.errors import DataError, SchemaError
from features.readers.open import open_source

FRAME = pl.DataFrame({"a": [1, None, 3], "b": ["x", "y", None], "c": [[1], [], [2, 3]]})


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_files_streams_and_feather_hold_the_same_rows(tmp_path: Path, compression: str) -> None:
    FRAME.write_ipc(tmp_path / "1.arrow", compression=compression)
    FRAME.write_ipc_stream(tmp_path / "2.arrow", compression=compression)
    feather.write_feather(FRAME.to_arrow(), str(tmp_path / "3.feather"), compression=compression)
    source = open_source(["1.arrow", "2.arrow", "3.feather"], None, tmp_path)
    assert pl.concat(source.batches()).equals(pl.concat([FRAME] * 3))
    assert source.count() == 9


def test_coded_strings_are_strings(tmp_path: Path) -> None:
    table = pa.table({"a": pa.array(["x", "y", "x"]).dictionary_encode()})
    with (
        pa.OSFile(str(tmp_path / "a.arrow"), "wb") as sink,
        pa.ipc.new_file(sink, table.schema) as writer,
    ):
        writer.write_table(table)
    source = open_source("a.arrow", None, tmp_path)
    assert source.schema == {"a": pl.String}
    assert pl.concat(source.batches())["a"].to_list() == ["x", "y", "x"]


def test_files_must_agree(tmp_path: Path) -> None:
    FRAME.write_ipc(tmp_path / "1.arrow")
    FRAME.cast({"a": pl.String}).write_ipc(tmp_path / "2.arrow")
    with pytest.raises(SchemaError, match="column 'a' as String"):
        open_source(["1.arrow", "2.arrow"], None, tmp_path)


@pytest.mark.parametrize("content", ["hello, I am text", "x", "ARROW1\0\0 and then no footer"])
def test_what_is_not_arrow_is_refused(write, tmp_path: Path, content: str) -> None:
    write("a.arrow", content)
    with pytest.raises(DataError, match=r"a\.arrow cannot be read: this is not an Arrow file"):
        open_source("a.arrow", None, tmp_path)
