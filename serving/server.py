"""A server over a bundle, in this process, until it is told to stop."""

from __future__ import annotations

import asyncio
import errno
import gc
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from features.errors import BundleError, ConfigError
from serving.app import create_app
from serving.engine import Engine
from serving.settings import Settings

_BACKLOG = 2048


def serve(bundle: Path, settings: Settings, on_ready: Callable[[str], None] | None = None) -> None:
    """Answer until SIGTERM or SIGINT, then let the requests in flight end.

    on_ready: called with the server's URL once it answers scores.

    Raises:
        ConfigError: the host and port cannot be listened on; before the bundle is loaded.
        BundleError: the bundle is damaged, or scores otherwise than when it was exported.
    """
    with _bound(settings) as listener:
        failures: list[BundleError] = []

        async def on_prepared(engine: Engine) -> None:
            if engine.failure is not None:
                failures.append(engine.failure)
                server.should_exit = True
                return
            # What is loaded stays: no later collection needs to walk it (up to 100 ms).
            gc.collect()
            gc.freeze()
            while not server.started:  # it listens a moment after the app has started
                await asyncio.sleep(0.01)
            if on_ready is not None:
                on_ready(_url(listener))

        app = create_app(bundle, settings, on_prepared)
        server = uvicorn.Server(_config(app, settings))
        listener.listen(_BACKLOG)  # uvloop would not say that it failed
        with _absorbed_signals():
            server.run([listener])
        if failures:
            raise failures[0]


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        lifespan="on",
        backlog=_BACKLOG,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.drain_seconds,
    )


@contextmanager
def _bound(settings: Settings) -> Iterator[socket.socket]:
    """A socket bound but not listening: clients are refused until there is something to say."""
    where = f"{settings.host}:{settings.port}"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _cannot_listen(where, error) from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            raise _cannot_listen(where, error) from error
        try:
            yield listener
        except OSError as error:
            # Another server was bound to the port too, and listened first.
            if error.errno != errno.EADDRINUSE:
                raise
            raise _cannot_listen(where, error) from error


def _cannot_listen(where: str, error: OSError) -> ConfigError:
    if error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"{where} must be free to listen on; another process uses the port. Stop it, or set "
            "CROSSRANK_PORT to another (0 takes any free one)."
        )
    return ConfigError(
        f"{where} must be an address of this machine and a port this user may take: "
        f"{error.strerror}. Set CROSSRANK_HOST or CROSSRANK_PORT."
    )


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


@contextmanager
def _absorbed_signals() -> Iterator[None]:
    """uvicorn stops on these signals, then raises them again for whoever else listens: nobody."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {one: signal.signal(one, lambda *_: None) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
