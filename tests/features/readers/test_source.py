"""The contract that every format keeps, and the parts of it that need no format."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError, DataError, SchemaError
from features.readers.filesystems import located
from features.readers.open import FORMATS, open_source
from features.readers.source import Source, fingerprint, rebatch, united

Make = Callable[[str, Path], dict[str, object]]


@pytest.fixture(params=sorted(FORMATS))
def source(request: pytest.FixtureRequest, make: Make, tmp_path: Path) -> Source:
    options = make(request.param, tmp_path)
    return open_source(["1.data", "2.data"], request.param, tmp_path, **options)


def test_batches_of_any_size_join_to_the_same_rows(source: Source) -> None:
    whole = pl.concat(source.batches())
    assert whole.height > 3
    for rows in (1, 2, 3, 7, 10_000):
        batches = list(source.batches(rows=rows))
        assert [batch.height for batch in batches[:-1]] == [rows] * (len(batches) - 1)
        assert pl.concat(batches).equals(whole)


def test_a_later_start_leaves_out_the_first_rows(source: Source) -> None:
    whole = pl.concat(source.batches())
    columns = list(source.schema)[::2]
    for rows in (1, 2, 3):
        batches = list(source.batches(columns, rows=rows))
        for at in range(len(batches) + 1):
            resumed = list(source.batches(columns, rows=rows, start=at * rows))
            assert len(resumed) == len(batches) - at
            assert all(a.equals(b) for a, b in zip(resumed, batches[at:], strict=True))
    for start in (whole.height, whole.height + 5):
        assert list(source.batches(start=start)) == []
    with pytest.raises(ConfigError, match="start must be"):
        source.batches(start=-1)


def test_the_schema_is_that_of_every_batch(source: Source) -> None:
    for batch in source.batches(rows=2):
        assert dict(batch.schema) == source.schema


def test_columns_are_selected_in_the_order_asked_for(source: Source) -> None:
    whole = pl.concat(source.batches())
    backwards = list(source.schema)[::-1]
    assert pl.concat(source.batches(backwards, rows=4)).equals(whole.select(backwards))
    for name in source.schema:
        assert pl.concat(source.batches([name])).equals(whole.select(name))


def test_count_is_the_number_of_rows(source: Source) -> None:
    assert source.count() == sum(batch.height for batch in source.batches(rows=3))


def test_the_second_file_follows_the_first(source: Source) -> None:
    assert [file.name for file in source.files] == ["1.data", "2.data"]
    whole = pl.concat(source.batches())
    if "user_id" in source.schema:
        assert whole["user_id"].unique(maintain_order=True).to_list() == [
            11, 12, 13, 14, 21, 22, 23, 24,
        ]  # fmt: skip
    else:
        half = whole.height // 2
        assert whole[:half].equals(whole[half:])


def test_bad_requests_are_refused_at_once(source: Source) -> None:
    first = next(iter(source.schema))
    with pytest.raises(SchemaError, match=f"Did you mean '{first}'"):
        source.batches([first + "_"])
    with pytest.raises(ConfigError, match="rows must be at least 1"):
        source.batches(rows=0)
    for columns in ([], [first, first], first):
        with pytest.raises(ConfigError, match="distinct column names"):
            source.batches(columns)


def test_identity_is_json_and_follows_the_content(source: Source, tmp_path: Path) -> None:
    before = json.loads(json.dumps(source.identity()))
    assert [file["name"] for file in before["files"]] == ["1.data", "2.data"]
    assert str(tmp_path) not in json.dumps(before)
    second = tmp_path / "2.data"
    status = second.stat()
    second.write_bytes(second.read_bytes()[::-1])
    os.utime(second, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = source.identity()
    assert after["files"][0] == before["files"][0]
    assert after["files"][1]["size"] == before["files"][1]["size"]
    assert after["files"][1]["edges_sha256"] != before["files"][1]["edges_sha256"]


def test_identity_tells_options_apart(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    as_is = open_source("a.csv", None, tmp_path).identity()
    assert open_source("a.csv", None, tmp_path, dtypes={"a": "string"}).identity() != as_is
    assert open_source("a.csv", None, tmp_path).identity() == as_is


def test_a_file_that_vanishes_is_an_error(source: Source, tmp_path: Path) -> None:
    (tmp_path / "2.data").unlink()
    with pytest.raises(DataError, match=r"2\.data does not exist"):
        source.identity()
    with pytest.raises(DataError, match=r"2\.data does not exist"):
        list(source.batches())


def test_fingerprint_reads_both_ends(tmp_path: Path) -> None:
    file = tmp_path / "a"
    body = bytearray(5 << 20)
    file.write_bytes(body)
    before = fingerprint(located(str(file), Path()))["edges_sha256"]
    changed = {}
    for at in (0, (1 << 20) - 1, 2 << 20, (4 << 20), (5 << 20) - 1):
        body[at] = 1
        file.write_bytes(body)
        changed[at] = fingerprint(located(str(file), Path()))["edges_sha256"] != before
        body[at] = 0
    # The middle is deliberately unread; both edges are, to their last byte.
    assert list(changed.values()) == [True, True, False, True, True]


def test_fingerprint_of_a_short_file_is_the_digest_of_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    found = fingerprint(located(str(file), Path()))
    assert found["size"] == 3
    # sha256("abc"), FIPS 180-2, appendix B.1
    assert found["edges_sha256"] == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


@given(heights=st.lists(st.integers(0, 9), max_size=8), rows=st.integers(1, 12))
def test_rebatch_keeps_rows_and_order(heights: list[int], rows: int) -> None:
    total = sum(heights)
    values = pl.DataFrame({"n": range(total)}, schema={"n": pl.Int64})
    starts = [sum(heights[:at]) for at in range(len(heights))]
    frames = [values.slice(start, height) for start, height in zip(starts, heights, strict=True)]
    out = list(rebatch(frames, rows))
    assert [n for frame in out for n in frame["n"]] == list(range(total))
    assert [frame.height for frame in out] == [rows] * (total // rows) + (
        [total % rows] if total % rows else []
    )


def test_rebatch_holds_no_more_than_it_must() -> None:
    drawn = []

    def frames() -> object:
        for at in range(100):
            drawn.append(at)
            yield pl.DataFrame({"n": [at, at]})

    batches = rebatch(frames(), 3)  # type: ignore[arg-type]
    next(batches)
    assert drawn == [0, 1]


@pytest.mark.parametrize("kinds", ["AB", "AS", "SA", "ABS", "AA", "SS"])
def test_texts_by_dictionary_and_without_join(kinds: str) -> None:
    """A reader gives up a dictionary where it turns out to be of no use."""
    dtypes = {"A": pl.Enum(["x", "y"]), "B": pl.Enum(["z", "x"]), "S": pl.String()}
    values = {"A": ["y", None], "B": ["z", "x"], "S": ["w", None]}
    frames = [pl.DataFrame({"t": pl.Series(values[one], dtype=dtypes[one])}) for one in kinds]
    joined = united(frames)["t"]
    assert joined.cast(pl.String).to_list() == [text for one in kinds for text in values[one]]
    assert isinstance(joined.dtype, pl.Enum) == ("S" not in kinds)
