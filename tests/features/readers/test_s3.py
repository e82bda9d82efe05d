"""S3, as Arrow's own client reads it, from a small server of the few requests it makes."""

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import polars as pl
import pytest

from features.errors import DataError
from features.readers.open import open_source

FRAME = pl.DataFrame({"n": range(100_000), "text": [f"{n:064d}" for n in range(100_000)]})


class Store(ThreadingHTTPServer):
    """Objects of one bucket, and how many bytes of them were handed out."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.sent = 0

    def url(self, path: str) -> str:
        """A URL of `path` with credentials and options."""
        options = f"endpoint_override=127.0.0.1:{self.server_port}&scheme=http&region=here"
        return f"s3://me:hidden@logs/{path}?{options}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Store

    def log_message(self, *_: object) -> None:
        return

    def handle(self) -> None:
        # A reader that has seen enough hangs up.
        with suppress(ConnectionError):
            super().handle()

    def _answer(self, status: int, body: bytes, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("Last-Modified", formatdate(0, usegmt=True))
        self.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        bucket, _, key = unquote(urlsplit(self.path).path).strip("/").partition("/")
        if key.startswith("secret/"):
            self._answer(403, b"")
            return
        known = bucket == "logs" and (not key or key in self.server.objects)
        self._answer(200 if known else 404, b"", len(self.server.objects.get(key, b"")))

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).strip("/").partition("/")
        query = parse_qs(parts.query)
        if bucket != "logs":
            self._answer(404, b"<Error><Code>NoSuchBucket</Code></Error>")
        elif not key:
            self._list(query.get("prefix", [""])[0], query.get("delimiter", [""])[0])
        else:
            body = self.server.objects[key]
            span = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers["Range"])
            assert span is not None
            body = body[int(span[1]) : int(span[2]) + 1]
            self.server.sent += len(body)
            self._answer(206, body)

    def _list(self, prefix: str, delimiter: str) -> None:
        keys, folders = [], set()
        for key in sorted(self.server.objects):
            if not key.startswith(prefix):
                continue
            head, cut, _ = key[len(prefix) :].partition(delimiter or "\0")
            if cut:
                folders.add(f"{prefix}{head}/")
            else:
                keys.append(key)
        contents = "".join(
            f"<Contents><Key>{key}</Key><Size>{len(self.server.objects[key])}</Size>"
            "<LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>"
            for key in keys
        )
        prefixes = "".join(
            f"<CommonPrefixes><Prefix>{one}</Prefix></CommonPrefixes>" for one in sorted(folders)
        )
        many = len(keys) + len(folders)
        self._answer(
            200,
            f"<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>{many}</KeyCount>"
            f"{contents}{prefixes}</ListBucketResult>".encode(),
        )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    server = Store()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _fill(store: Store, tmp_path: Path) -> None:
    for day in ("1", "2"):
        FRAME.write_parquet(
            tmp_path / "a.parquet", row_group_size=10_000, compression="uncompressed"
        )
        store.objects[f"log/day={day}/a%20b.parquet"] = (tmp_path / "a.parquet").read_bytes()
    store.objects["log/_SUCCESS"] = b""
    store.objects["text/a.csv"] = FRAME.head(5000).write_csv().encode()
    store.objects["secret/a.csv"] = b"x\n1\n"


def test_folders_globs_and_files(store: Store, tmp_path: Path) -> None:
    _fill(store, tmp_path)
    for path in ("log", "log/", "log/*/*.parquet", "log/**/a%20b.parquet"):
        source = open_source(store.url(path), None, Path())
        assert [str(file) for file in source.files] == [
            f"s3://logs/log/day={day}/a%20b.parquet" for day in (1, 2)
        ]
        assert source.schema == {**FRAME.schema, "day": pl.Int64}
    rows = pl.concat(source.batches())
    assert rows.drop("day").equals(pl.concat([FRAME, FRAME]))
    assert rows["day"].value_counts(sort=True)["count"].to_list() == [100_000, 100_000]
    assert "hidden" not in str(source.identity())
    one = open_source(store.url("text/a.csv"), None, Path())
    assert pl.concat(one.batches()).height == 5000
    assert one.identity()["files"][0]["mtime_ns"] == 0


def test_only_what_is_asked_for_is_fetched(store: Store, tmp_path: Path) -> None:
    _fill(store, tmp_path)
    whole = len(store.objects["log/day=1/a%20b.parquet"])

    def fetched(**options: object) -> int:
        store.sent = 0
        source = open_source(store.url("log"), None, Path(), **options)
        assert sum(frame.height for frame in source.batches(["n"])) > 0
        return store.sent

    assert fetched() < 0.5 * whole  # of two files, the smaller column
    once = fetched(filter=[["day", "==", 2]])
    assert once < 0.3 * whole
    assert fetched(filter=[["day", "==", 2], ["n", "<", 10_000]]) < 0.35 * once
    store.sent = 0
    source = open_source(store.url("log"), None, Path())
    assert source.count() == 200_000
    assert store.sent < 0.1 * whole


@pytest.mark.slow  # how far Arrow reads ahead depends on its threads: some 40 MB here
def test_text_is_streamed(store: Store) -> None:
    text = FRAME.write_csv().encode()
    store.objects["a.csv"] = text + text[text.index(b"\n") + 1 :] * 39
    batches = open_source(store.url("a.csv"), None, Path()).batches(rows=1000)
    store.sent = 0
    assert next(batches).height == 1000
    assert store.sent < 0.5 * len(store.objects["a.csv"])
    assert sum(frame.height for frame in batches) == 3_999_000


def test_what_a_store_refuses_is_a_data_error(store: Store, tmp_path: Path) -> None:
    _fill(store, tmp_path)
    for path, said in (
        ("secret/a.csv", "ACCESS_DENIED"),
        ("none/*.csv", "matches no"),
    ):
        with pytest.raises(DataError, match=said) as raised:
            list(open_source(store.url(path), None, Path()).batches())
        assert "hidden" not in str(raised.value)
        assert "\n" not in str(raised.value)
    absent = store.url("a.csv").replace("@logs", "@nowhere")
    with pytest.raises(DataError, match="s3://nowhere/a.csv"):
        open_source(absent, None, Path())
