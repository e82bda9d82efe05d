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
from features.readers.open import FORMATS, open_source
from features.readers.source import Source, fingerprint, rebatch

FRAME = pl.DataFrame(
    {"id": [7, None, 9, 10, 11], "text": ["a", "b", None, "d", "e"], "x": [0.5, 1.0, 2.0, 3.0, 4.0]}
)


def _criteo(label: int) -> str:
    return "\t".join([str(label), *[""] * 13, *["ab"] * 26]) + "\n"


# Each format: two files of one source, and the options they need.
MAKERS: dict[str, tuple[Callable[[Path], None], dict[str, object]]] = {
    "parquet": (lambda file: FRAME.write_parquet(file, row_group_size=2), {}),
    "arrow": (lambda file: FRAME.write_ipc(file, record_batch_size=2), {}),
    "csv": (lambda file: FRAME.write_csv(file), {}),
    "tsv": (lambda file: FRAME.write_csv(file, separator="\t"), {}),
    "criteo": (lambda file: file.write_text(_criteo(0) + _criteo(1) + _criteo(1)), {}),
    "libsvm": (lambda file: file.write_text("1 1:.5 3:2\n0 2:1\n\n1 1:4\n"), {}),
    "letor": (lambda file: file.write_text("1 qid:1 1:.5 2:2 #docid = A\n0 qid:1 2:1\n"), {}),
    "sequences": (
        lambda file: file.write_text(
            "".join(f"{file.stem}{user} 1 2 3 4 5 {user + 10} 6 7\n" for user in range(1, 5))
        ),
        {"valid_negatives": 1, "test_negatives": 2},
    ),
}


@pytest.fixture(params=sorted(FORMATS))
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    write, options = MAKERS[request.param]
    for name in ("1.data", "2.data"):
        write(tmp_path / name)
    return open_source(["1.data", "2.data"], request.param, tmp_path, **options)


def test_batches_of_any_size_join_to_the_same_rows(source: Source) -> None:
    whole = pl.concat(source.batches())
    assert whole.height > 3
    for rows in (1, 2, 3, 7, 10_000):
        batches = list(source.batches(rows=rows))
        assert [batch.height for batch in batches[:-1]] == [rows] * (len(batches) - 1)
        assert pl.concat(batches).equals(whole)


def test_batches_start_at_any_row(source: Source) -> None:
    whole = pl.concat(source.batches())
    for start in range(whole.height):
        rest = list(source.batches(rows=2, start=start))
        assert pl.concat(rest).equals(whole[start:])
        assert [batch.height for batch in rest[:-1]] == [2] * (len(rest) - 1)
    assert list(source.batches(start=whole.height)) == []
    assert list(source.batches(start=whole.height + 5)) == []


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
    with pytest.raises(ConfigError, match="start must be at least 0"):
        source.batches(start=-1)
    for columns in ([], [first, first], first):
        with pytest.raises(ConfigError, match="distinct column names"):
            source.batches(columns)


def test_identity_is_json_and_follows_the_content(source: Source) -> None:
    before = json.loads(json.dumps(source.identity()))
    assert [file["name"] for file in before["files"]] == ["1.data", "2.data"]
    assert str(source.files[0].parent) not in json.dumps(before)
    status = source.files[1].stat()
    source.files[1].write_bytes(source.files[1].read_bytes()[::-1])
    os.utime(source.files[1], ns=(status.st_atime_ns, status.st_mtime_ns))
    after = source.identity()
    assert after["files"][0] == before["files"][0]
    assert after["files"][1]["size"] == before["files"][1]["size"]
    assert after["files"][1]["edges_sha256"] != before["files"][1]["edges_sha256"]


def test_identity_tells_options_apart(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    as_is = open_source("a.csv", None, tmp_path).identity()
    assert open_source("a.csv", None, tmp_path, dtypes={"a": "string"}).identity() != as_is
    assert open_source("a.csv", None, tmp_path).identity() == as_is


def test_a_file_that_vanishes_is_an_error(source: Source) -> None:
    source.files[1].unlink()
    with pytest.raises(DataError, match=r"2\.data does not exist"):
        source.identity()
    with pytest.raises(DataError, match=r"2\.data does not exist"):
        list(source.batches())


def test_fingerprint_reads_both_ends(tmp_path: Path) -> None:
    file = tmp_path / "a"
    body = bytearray(5 << 20)
    file.write_bytes(body)
    before = fingerprint(file)["edges_sha256"]
    changed = {}
    for at in (0, (1 << 20) - 1, 2 << 20, (4 << 20), (5 << 20) - 1):
        body[at] = 1
        file.write_bytes(body)
        changed[at] = fingerprint(file)["edges_sha256"] != before
        body[at] = 0
    # The middle is deliberately unread; both edges are, to their last byte.
    assert list(changed.values()) == [True, True, False, True, True]


def test_fingerprint_of_a_short_file_is_the_digest_of_all_of_it(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    found = fingerprint(file)
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
