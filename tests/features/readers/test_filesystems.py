"""Every format, read from where files may lie."""

import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import polars as pl
import pyarrow as pa
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from features.errors import ConfigError, DataError
from features.readers.filesystems import located
from features.readers.open import FORMATS, open_source
from features.readers.paths import resolve
from features.readers.source import Source

FRAME = pl.DataFrame({"id": range(1000), "text": [f"t{n % 7}" for n in range(1000)]})


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Callable[[], Any]]:
    """Return a function that copies tmp_path to memory://logs and returns the file system."""
    store = fsspec.filesystem("memory")

    def copy() -> Any:
        for file in tmp_path.rglob("*"):
            if file.is_file():
                store.pipe(f"/logs/{file.relative_to(tmp_path).as_posix()}", file.read_bytes())
        return store

    yield copy
    store.store.clear()
    store.pseudo_dirs[:] = [""]


def _rows(source: Source) -> pl.DataFrame:
    return pl.concat(source.batches(rows=3))


def _timeless(source: Source) -> Any:
    found = source.identity()
    for file in found["files"]:
        del file["mtime_ns"]
    return json.loads(json.dumps(found))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_the_same_from_everywhere(
    make: Any, memory: Any, tmp_path: Path, name: str
) -> None:
    options = make(name, tmp_path)
    near = open_source("*.data", name, tmp_path, **options)
    memory()
    for url in (
        "memory://logs",
        "memory://logs/*.data",
        tmp_path.as_uri(),
        f"{tmp_path.as_uri()}/*",
    ):
        there = open_source(url, name, Path("elsewhere"), **options)
        assert _rows(there).equals(_rows(near))
        assert there.count() == near.count()
        assert _timeless(there) == _timeless(near)
        last = next(iter(near.schema))
        assert pl.concat(there.batches([last], start=2)).equals(_rows(near).select(last)[2:])


@pytest.mark.parametrize("packed", [".gz", ".zst"])
@pytest.mark.parametrize("name", ["csv", "letor"])
def test_packed_text_is_unpacked_from_everywhere(
    memory: Any, tmp_path: Path, name: str, packed: str
) -> None:
    text = "".join(f"1 qid:{n} 1:{n}\n" for n in range(9)) if name == "letor" else FRAME.write_csv()
    codec = pa.Codec({".gz": "gzip", ".zst": "zstd"}[packed])
    (tmp_path / f"a.{name}{packed}").write_bytes(codec.compress(text.encode(), asbytes=True))
    memory()
    near = open_source(f"a.{name}{packed}", name, tmp_path)
    there = open_source(f"memory://logs/a.{name}{packed}", name, tmp_path)
    assert _rows(there).equals(_rows(near))


def test_attributes_of_sequences_may_be_remote(memory: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("3 1 2 3 4 5 6\n5 7 8 9\n")
    (tmp_path / "cat.json").write_text('{"3": [7]}')
    memory()
    few = {"valid_negatives": 1, "test_negatives": 1}
    source = open_source(
        "memory://logs/a.txt", "sequences", tmp_path, attributes="memory://logs/cat.json", **few
    )
    assert _rows(source).filter(pl.col("item_id") == 3)["item_attributes"][0].to_list() == [7]


def test_folders_and_globs_keep_their_rules_far_away(memory: Any, tmp_path: Path) -> None:
    for name in ("part-10.csv", "part-2.csv", "day=1/a.csv", "_SUCCESS", ".h.csv", "_tmp/a.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x\n1\n")
    memory()
    for pattern, names in {
        "": ["day=1/a.csv", "part-2.csv", "part-10.csv"],
        "/": ["day=1/a.csv", "part-2.csv", "part-10.csv"],
        "/part-*.csv": ["part-2.csv", "part-10.csv"],
        "/**/a.csv": ["day=1/a.csv"],
        "/**": ["day=1/a.csv", "part-2.csv", "part-10.csv"],
        "/day=*": ["day=1/a.csv"],
        "/_tmp/*.csv": ["_tmp/a.csv"],
        "/part-[0-9].csv": ["part-2.csv"],
        "/part-?.csv": ["part-2.csv"],
    }.items():
        found = [str(file) for file in resolve(f"memory://logs{pattern}", Path())]
        assert found == [f"memory:///logs/{name}" for name in names], pattern
    with pytest.raises(DataError, match="named twice"):
        resolve(["memory://logs", "memory://logs/part-2.csv"], Path())


def test_near_and_far_mix(memory: Any, tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    memory()
    source = open_source(["memory://logs/a.parquet", "a.parquet"], None, tmp_path)
    assert _rows(source).equals(pl.concat([FRAME, FRAME]))


def test_chains_and_odd_names(memory: Any, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.writestr(f"log/{name}", "x\n1\n")
    memory()
    for url in ("zip://log/*.csv::memory://logs/a.zip", f"zip://log::{tmp_path / 'a.zip'}"):
        source = open_source(url, "csv", Path())
        assert [file.name for file in source.files] == ["a.csv", "b.csv"]
        assert source.count() == 2
    (tmp_path / "a::b.csv").write_text("x\n1\n")
    assert open_source("a::b.csv", None, tmp_path).count() == 1


def test_a_file_url_is_decoded(tmp_path: Path) -> None:
    (tmp_path / "a b=1 %25.csv").write_text("x\n1\n")
    url = (tmp_path / "a b=1 %25.csv").as_uri()
    assert "%20" in url
    assert _rows(open_source(url, None, Path())).to_dict(as_series=False) == {"x": [1]}
    with pytest.raises(ConfigError, match="of this machine"):
        open_source("file://elsewhere/a.csv", None, Path())


@pytest.mark.parametrize("url", ["memory://logs/a.csv", "memory://logs/*.csv", "memory://logs"])
def test_what_is_not_there_is_an_error(memory: Any, url: str) -> None:
    with pytest.raises(DataError, match=r"matches no file.*a file, a folder or a glob"):
        open_source(url, None, Path())


def test_an_empty_file_is_refused(memory: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    memory()
    with pytest.raises(DataError, match=r"memory:///logs/a\.csv is empty"):
        open_source("memory://logs", None, Path())


def test_schemes_that_cannot_be_read_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"memroy://a.*Did you mean 'memory'\?"):
        open_source("memroy://a", None, Path())
    with pytest.raises(ConfigError, match=r"Install s3fs"):
        open_source("s3a://bucket/a.csv", None, Path())
    with pytest.raises(ConfigError, match=r"s3://.*[Bb]ucket"):
        open_source("s3:///a.csv", None, Path())
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ConfigError, match=r"fsspec, which is not installed.*crossrank\[remote\]"):
        open_source("memory://a", None, Path())


def test_credentials_are_never_shown() -> None:
    place = located("gs://anonymous@bucket/a/b?retry_limit_seconds=1", Path())
    assert (place.path, str(place)) == ("bucket/a/b", "gs://anonymous@bucket/a/b")
    for url in ("ftp://me:hidden@host", "foo://me:hidden@host/a?token=hidden", "s3://a b:hidden@c"):
        with pytest.raises((ConfigError, DataError)) as raised:
            located(url, Path())
        assert "hidden" not in str(raised.value)
        assert "\n" not in str(raised.value)


def _refuse(*_: object, **__: object) -> Any:
    raise RuntimeError("token\nexpired")


def test_whatever_a_client_raises_is_one_line(
    make: Any, memory: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("csv", tmp_path)
    memory()
    monkeypatch.setattr(MemoryFileSystem, "open", _refuse)
    for name in FORMATS:
        with pytest.raises(DataError, match=r"memory:///logs/1.data cannot be read: token expired"):
            list(open_source("memory://logs", name, tmp_path).batches())


def test_a_file_that_goes_away_is_an_error(make: Any, memory: Any, tmp_path: Path) -> None:
    make("parquet", tmp_path)
    store = memory()
    source = open_source("memory://logs", "parquet", tmp_path)
    store.rm("/logs/2.data")
    with pytest.raises(DataError, match=r"2\.data does not exist"):
        list(source.batches())
    with pytest.raises(DataError, match=r"2\.data does not exist"):
        source.identity()


def test_readers_may_be_abandoned(memory: Any, tmp_path: Path) -> None:
    pl.concat([FRAME] * 400).write_csv(tmp_path / "a.csv")
    pl.concat([FRAME] * 400).write_parquet(tmp_path / "a.parquet", row_group_size=5000)
    memory()
    for name in ("a.csv", "a.parquet"):
        for _ in range(20):
            assert next(open_source(f"memory://logs/{name}", None, tmp_path).batches(rows=5)).height
