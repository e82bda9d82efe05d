from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from features.errors import DataError, SchemaError
from features.readers.open import open_source
from features.readers.source import Source
from pipelines.splits import PARTS, AnySplit, ByHash, ByOrder, ByTime, Split


def source(folder: Path, frame: pl.DataFrame) -> Source:
    frame.write_parquet(folder / "rows.parquet")
    return open_source("rows.parquet", None, folder)


def parts(split: Split, rows: Source, batch: int = 7) -> list[str]:
    measured = split.measure(rows)
    start, found = 0, []
    for frame in rows.batches(rows=batch):
        found += split.assign(frame, start, measured).to_list()
        start += frame.height
    return found


def test_order_cuts_by_row(tmp_path: Path) -> None:
    rows = source(tmp_path, pl.DataFrame({"x": range(20)}))
    split = ByOrder(train=0.5, ranker=0.1, valid=0.2, test=0.2)
    assert parts(split, rows) == ["train"] * 10 + ["ranker"] * 2 + ["valid"] * 4 + ["test"] * 4


def test_time_keeps_equal_times_together_and_parts_in_order(tmp_path: Path) -> None:
    times = [5, 1, 1, 1, 2, 9, 2, 3, 3, 4]
    rows = source(tmp_path, pl.DataFrame({"t": times}))
    found = parts(ByTime(column="t", train=0.4, valid=0.3, test=0.3), rows)
    by_time = dict(zip(times, found, strict=True))
    assert [by_time[time] for time in times] == found
    assert max(t for t, part in by_time.items() if part == "train") < min(
        t for t, part in by_time.items() if part != "train"
    )


def test_time_without_a_test_part_gives_it_no_row(tmp_path: Path) -> None:
    rows = source(tmp_path, pl.DataFrame({"t": list(range(10))}))
    found = parts(ByTime(column="t", train=0.8, valid=0.2, test=0.0), rows)
    assert set(found) == {"train", "valid"}
    assert found[-1] == "valid"


def test_hash_never_divides_a_key_and_follows_the_shares(tmp_path: Path) -> None:
    keys = [f"user {i % 4000}" for i in range(20_000)]
    rows = source(tmp_path, pl.DataFrame({"u": keys}))
    found = parts(ByHash(column="u", train=0.7, valid=0.2, test=0.1), rows, batch=999)
    assert len(set(zip(keys, found, strict=True))) == 4000
    assert found.count("train") / len(found) == pytest.approx(0.7, abs=0.03)
    assert found.count("test") / len(found) == pytest.approx(0.1, abs=0.02)


def siphash_2_4(data: bytes, key: bytes) -> int:
    """Aumasson & Bernstein, INDOCRYPT 2012, as in their reference."""
    mask = 2**64 - 1
    k0, k1 = (int.from_bytes(key[i : i + 8], "little") for i in (0, 8))
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D]
    v += [k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rotate(x: int, bits: int) -> int:
        return ((x << bits) | (x >> (64 - bits))) & mask

    def rounds(count: int) -> None:
        for _ in range(count):
            v[0] = (v[0] + v[1]) & mask
            v[2] = (v[2] + v[3]) & mask
            v[1], v[3] = rotate(v[1], 13) ^ v[0], rotate(v[3], 16) ^ v[2]
            v[0] = (rotate(v[0], 32) + v[3]) & mask
            v[2] = (v[2] + v[1]) & mask
            v[1], v[3] = rotate(v[1], 17) ^ v[2], rotate(v[3], 21) ^ v[0]
            v[2] = rotate(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) % 256])
    for i in range(0, len(padded), 8):
        word = int.from_bytes(padded[i : i + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def splitmix64(x: int) -> int:
    """The finalizer of Steele et al., OOPSLA 2014."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = ((x ^ (x >> shift)) * factor) % 2**64
    return x ^ (x >> 31)


@pytest.mark.parametrize("seed", [0, 7])
def test_hash_is_siphash_under_the_seed(seed: int) -> None:
    keys = ["a", "user 12", "é\U0001f600", "", "12345678", *map(str, range(50))]
    split = ByHash(column="u", seed=seed, train=0.25, ranker=0.25, valid=0.25, test=0.25)
    key = f"{seed:016d}".encode()
    hashed = [splitmix64(siphash_2_4(one.encode(), key)) for one in keys]
    expected = [PARTS[one >> 62] for one in hashed]
    assert split.assign(pl.DataFrame({"u": keys}), 0, None).to_list() == expected


def test_a_seed_changes_the_hash() -> None:
    frame = pl.DataFrame({"u": list(range(200))})
    one = ByHash(column="u", seed=1).assign(frame, 0, None)
    two = ByHash(column="u", seed=2).assign(frame, 0, None)
    assert one.to_list() != two.to_list()


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=50), st.integers(1, 20))
def test_hash_does_not_depend_on_how_rows_are_cut(keys: list[int], cut: int) -> None:
    frame = pl.DataFrame({"u": pl.Series(keys, dtype=pl.Int64)})
    split = ByHash(column="u")
    whole = split.assign(frame, 0, None).to_list()
    pieces = [
        part
        for start in range(0, len(keys), cut)
        for part in split.assign(frame[start : start + cut], start, None).to_list()
    ]
    assert pieces == whole


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"type": "order", "train": 0.9, "valid": 0.2, "test": 0}, "add up to 1"),
        ({"type": "hash"}, "column"),
        ({"type": "order", "train": -0.1}, "greater than or equal to 0"),
    ],
)
def test_refuses_what_does_not_hold(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(AnySplit).validate_python(declared)


def test_a_time_must_be_known_and_ordered(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="misses 1 of 2 rows"):
        ByTime(column="t").measure(source(tmp_path, pl.DataFrame({"t": [1, None]})))
    with pytest.raises(SchemaError, match="numbers or times"):
        ByTime(column="t").measure(source(tmp_path, pl.DataFrame({"t": ["a", "b"]})))


def test_the_column_must_be_there(tmp_path: Path) -> None:
    rows = source(tmp_path, pl.DataFrame({"timestamp": [1]}))
    with pytest.raises(SchemaError, match="Did you mean 'timestamp'"):
        ByTime(column="timestmp").require(rows)
