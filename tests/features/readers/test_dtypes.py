"""What each Arrow type is read as, from Parquet, from Arrow and from memory."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import SchemaError
from features.readers.frame import source_of
from features.readers.open import open_source

PAIR = pl.List(pl.Struct({"key": pl.String(), "value": pl.Float64()}))
coded = pa.array(["a", "b", "a"]).dictionary_encode()
offsets = pa.array([0, 1, 1, 3], pa.int32())

CASES: dict[str, tuple[pa.Array, Any, list[Any]]] = {
    "coded": (pa.array(["a", None, "b"]).dictionary_encode(), pl.String, ["a", None, "b"]),
    "coded_ints": (pa.array([1, None, 2]).dictionary_encode(), pl.Int64, [1, None, 2]),
    "coded_in_lists": (
        pa.ListArray.from_arrays(offsets, coded), pl.List(pl.String), [["a"], [], ["b", "a"]],
    ),
    "coded_in_structs": (
        pa.StructArray.from_arrays([coded], ["x"]), pl.Struct({"x": pl.String}),
        [{"x": "a"}, {"x": "b"}, {"x": "a"}],
    ),
    "nested": (pa.array([[[1], [2, 3]], None, []]), pl.List(pl.List(pl.Int64)),
               [[[1], [2, 3]], None, []]),
    "map": (
        pa.array([[("k", 1.0), ("j", None)], None, []], pa.map_(pa.string(), pa.float64())), PAIR,
        [[{"key": "k", "value": 1.0}, {"key": "j", "value": None}], None, []],
    ),
    "coded_map": (
        pa.MapArray.from_arrays(offsets, coded, pa.array([1.0, 2.0, 3.0])), PAIR,
        [
            [{"key": "a", "value": 1.0}], [],
            [{"key": "b", "value": 2.0}, {"key": "a", "value": 3.0}],
        ],
    ),
    "maps_in_lists": (
        pa.array([[[("k", 1.0)]], None, []], pa.list_(pa.map_(pa.string(), pa.float64()))),
        pl.List(PAIR), [[[{"key": "k", "value": 1.0}]], None, []],
    ),
    "decimal": (
        pa.array([Decimal("1.20"), None, Decimal("-3.40")], pa.decimal128(10, 2)),
        pl.Decimal(10, 2), [Decimal("1.20"), None, Decimal("-3.40")],
    ),
    "wide_decimal": (
        pa.array([Decimal("1.25"), None, Decimal("-3.50")], pa.decimal256(50, 2)),
        pl.Float64, [1.25, None, -3.5],
    ),
    "decimal_in_256_bits": (
        pa.array([Decimal("1.25"), None], pa.decimal256(20, 2)), pl.Decimal(20, 2),
        [Decimal("1.25"), None],
    ),
    "nanoseconds": (pa.array([10**9, None], pa.timestamp("ns")), pl.Datetime("ns"),
                    [datetime(1970, 1, 1, 0, 0, 1), None]),
    "seconds": (pa.array([1, None], pa.timestamp("s")), pl.Datetime("ms"),
                [datetime(1970, 1, 1, 0, 0, 1), None]),
    "date": (pa.array([date(2024, 1, 31), None], pa.date32()), pl.Date, [date(2024, 1, 31), None]),
    "date64": (pa.array([date(2024, 1, 31), None], pa.date64()), pl.Date,
               [date(2024, 1, 31), None]),
    "half": (pa.array([0.5, None], pa.float16()), pl.Float32, [0.5, None]),
    "view": (pa.array(["a", None], pa.string_view()), pl.String, ["a", None]),
    "large": (pa.array(["a", None], pa.large_string()), pl.String, ["a", None]),
    "vector": (pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)), pl.Array(pl.Float32, 2),
               [[1.0, 2.0], None]),
    "json": (pa.array(["{}", None], pa.json_()), pl.String, ["{}", None]),
    "flag": (pa.array([True, None]), pl.Boolean, [True, None]),
}  # fmt: skip


def _sources(table: pa.Table, base: Path) -> Any:
    pq.write_table(table, base / "a.parquet")
    yield open_source("a.parquet", None, base)
    for name in (None, "lz4", "zstd"):
        options = pa.ipc.IpcWriteOptions(compression=name)
        with pa.ipc.new_file(base / "a.arrow", table.schema, options=options) as writer:
            writer.write_table(table)
        yield open_source("a.arrow", None, base)
        with pa.ipc.new_stream(base / "b.arrow", table.schema, options=options) as writer:
            writer.write_table(table)
        yield open_source("b.arrow", None, base)
    yield source_of(table)


@pytest.mark.parametrize("name", CASES)
def test_types_arrive_as_plain_ones(tmp_path: Path, name: str) -> None:
    array, dtype, values = CASES[name]
    table = pa.table({"before": pa.array(range(len(array))), "x": array})
    for source in _sources(table, tmp_path):
        assert source.schema == {"before": pl.Int64, "x": dtype}
        for columns in (["x"], ["x", "before"]):
            (frame,) = source.batches(columns)
            assert dict(frame.schema) == {one: source.schema[one] for one in columns}
            assert frame["x"].to_list() == values


def test_times_keep_their_zone(tmp_path: Path) -> None:
    noon = datetime.fromisoformat("2024-06-01T12:00:00+00:00")
    for zone in ("UTC", "Europe/Berlin"):
        table = pa.table({"x": pa.array([noon, None], pa.timestamp("us", zone))})
        for source in _sources(table, tmp_path):
            assert source.schema == {"x": pl.Datetime("us", zone)}
            (frame,) = source.batches()
            assert frame["x"].to_list() == [noon, None]


def test_maps_of_a_polars_frame_are_pairs() -> None:
    if not hasattr(pl, "Map"):
        pytest.skip("this Polars has no maps")
    frame = pl.DataFrame(pa.table({"m": CASES["map"][0]}))
    assert frame.schema["m"] != PAIR
    source = source_of(frame)
    assert source.schema == {"m": PAIR}
    (rows,) = source.batches()
    assert rows["m"].to_list() == CASES["map"][2]


def test_what_has_no_counterpart_is_named(tmp_path: Path) -> None:
    for array in (
        pa.array([[1]], pa.list_view(pa.int64())),
        pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array(["a"])),
        pa.array([(1, 2, 3)], pa.month_day_nano_interval()),
        pa.UnionArray.from_dense(
            pa.array([0], pa.int8()), pa.array([0], pa.int32()), [pa.array([1])]
        ),
    ):
        table = pa.table({"odd": array})
        with pa.ipc.new_file(tmp_path / "a.arrow", table.schema) as writer:
            writer.write_table(table)
        with pytest.raises(SchemaError, match=r"column 'odd' is of Arrow's type .*cannot be read"):
            open_source("a.arrow", None, tmp_path)


def test_only_the_columns_asked_for_are_decompressed(tmp_path: Path) -> None:
    """A column whose buffers are damaged is no obstacle to the others."""
    table = pa.table({"a": range(10_000), "b": [f"text {n}" for n in range(10_000)]})
    file = tmp_path / "a.arrow"
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table)
    content = bytearray(file.read_bytes())
    magic = (0xFD2FB528).to_bytes(4, "little")
    last = content.rindex(magic)
    content[last : last + 4] = b"\0\0\0\0"
    file.write_bytes(content)
    source = open_source("a.arrow", None, tmp_path)
    assert sum(frame["a"].sum() for frame in source.batches(["a"])) == sum(range(10_000))
    assert source.count() == 10_000
