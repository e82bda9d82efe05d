"""Whole server processes, in which neither TensorFlow nor training code can be imported."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import polars as pl
import pytest

from features.errors import BundleError, ConfigError
from serving.bundle import open_bundle, seal
from serving.scorer import RANK
from serving.server import serve
from serving.settings import Settings

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

BLOCKED = ("tensorflow", "tf_keras", "keras", "models", "ranking", "pipelines")
MODULES = ("serving.export", "serving.convert")

class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in BLOCKED or name in MODULES:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
from serving.server import serve
from serving.settings import Settings

serve(Path(sys.argv[1]), Settings.read(port=0), lambda url: print(url, flush=True))
print("stopped", flush=True)
"""


@contextmanager
def process(bundle: Path) -> Iterator[tuple[subprocess.Popen[str], httpx.URL]]:
    """A server of its own and its address."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(bundle)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as server:
        try:
            assert server.stdout is not None
            assert server.stderr is not None
            line = server.stdout.readline().strip()
            assert line.startswith("http://127.0.0.1:"), server.stderr.read()
            yield server, httpx.URL(line)
        finally:
            server.kill()


def test_serves_without_training_code_and_stops_after_the_request_in_flight(
    world: Any, columns: dict[str, list[Any]]
) -> None:
    body = orjson.dumps({"columns": columns})
    head = (
        "POST /v1/score HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    with process(world.bundles["float"]) as (server, url):
        assert httpx.get(url.join("/readyz")).status_code == 200
        with socket.create_connection((url.host, url.port), timeout=10) as slow:
            slow.sendall(head.encode() + body[:100])
            httpx.get(url.join("/healthz"))  # answered after the half request has been read
            server.send_signal(signal.SIGTERM)
            with pytest.raises(subprocess.TimeoutExpired):
                server.wait(0.5)
            slow.sendall(body[100:])
            answer = b"".join(iter(lambda: slow.recv(65_536), b""))
        output, errors = server.communicate(timeout=20)
    status, _, content = answer.partition(b"\r\n\r\n")
    assert status.startswith(b"HTTP/1.1 200")
    expected = world.predict(world.raw.head(20))
    np.testing.assert_allclose(orjson.loads(content)["probabilities"], expected, atol=1e-5)
    assert (server.returncode, output, errors) == (0, "stopped\n", "")


def test_stops_on_an_interrupt(world: Any) -> None:
    with process(world.bundles["int8"]) as (server, _):
        server.send_signal(signal.SIGINT)
        assert server.wait(20) == 0


def test_a_port_in_use_is_refused_before_the_bundle_is_read(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port} .*CROSSRANK_PORT") as caught:
            serve(tmp_path / "no bundle", Settings(port=port))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("host", ["203.0.113.1", "no.such.host.invalid"])
def test_an_address_of_another_machine_is_refused(tmp_path: Path, host: str) -> None:
    with pytest.raises(ConfigError, match=f"{host}:0 .*CROSSRANK_HOST"):
        serve(tmp_path / "no bundle", Settings(host=host, port=0))


def test_a_damaged_bundle_is_refused_at_start(tmp_path: Path, world: Any) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(world.bundles["float"], copy)
    path = copy / "golden.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(BundleError, match="sha256"):
        serve(copy, Settings(port=0))


def test_a_bundle_that_scores_otherwise_stops_the_server(tmp_path: Path, world: Any) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(world.bundles["float"], copy)
    path = copy / "golden.parquet"
    pl.read_parquet(path).with_columns(pl.col(RANK) + 1).write_parquet(path)
    seal(copy, open_bundle(world.bundles["float"]))
    ready: list[str] = []
    with pytest.raises(BundleError, match="largest difference is 1"):
        serve(copy, Settings(port=0), ready.append)
    assert not ready
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
