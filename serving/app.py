"""The HTTP routes over a bundle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from serving.body import check_media, read_body
from serving.engine import Engine
from serving.observer import Observer
from serving.openapi import RankAnswer, ScoreAnswer, Status, problems, request_body
from serving.problem import NOT_READY, RequestError, plain
from serving.settings import Settings

Prepared = Callable[[Engine], Awaitable[None]]

_JSON = "application/json"
_REFUSALS = (400, 413, 415, 422, 500, 503)


def create_app(bundle: Path, settings: Settings, on_prepared: Prepared | None = None) -> FastAPI:
    """Routes that answer from `bundle`, loaded here; verified and warmed once the app starts.

    on_prepared: awaited when that has ended, well (`engine.ready`) or not (`engine.failure`).

    Raises:
        BundleError: the bundle is damaged.
    """
    engine = Engine(bundle, settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[dict[str, Any]]:
        with ThreadPoolExecutor(settings.threads, "scoring") as workers:
            preparing = asyncio.create_task(_prepare(engine, workers, on_prepared))
            yield {"workers": workers}
            await preparing

    app = FastAPI(
        title=f"crossrank: {engine.manifest.name}",
        version=engine.manifest.version,
        lifespan=lifespan,
    )
    _add_scoring(app, engine, settings)
    _add_status(app, engine)
    app.add_exception_handler(RequestError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_http)
    routes = {path for route in app.routes if (path := getattr(route, "path", None))}
    app.add_middleware(Observer, metrics=engine.metrics, routes=routes)
    return app


async def _prepare(
    engine: Engine, workers: ThreadPoolExecutor, on_prepared: Prepared | None
) -> None:
    await asyncio.get_running_loop().run_in_executor(workers, engine.prepare)
    if on_prepared is not None:
        await on_prepared(engine)


def _add_scoring(app: FastAPI, engine: Engine, settings: Settings) -> None:
    async def answer(request: Request, scoring: Callable[[bytes], bytes]) -> Response:
        engine.require_ready()
        check_media(request)
        body = await read_body(request, settings.max_body_bytes)
        # In a thread, so that health checks are answered while a large request is scored.
        loop = asyncio.get_running_loop()
        content = await loop.run_in_executor(request.state.workers, scoring, body)
        return Response(content, media_type=_JSON)

    @app.post(
        "/v1/score",
        responses={200: {"model": ScoreAnswer}, **problems(*_REFUSALS)},
        openapi_extra=request_body(engine.reader, ranking=False),
    )
    async def score(request: Request) -> Response:
        """Score rows; the answer is in their order."""
        return await answer(request, engine.score)

    @app.post(
        "/v1/rank",
        responses={200: {"model": RankAnswer}, **problems(*_REFUSALS)},
        openapi_extra=request_body(engine.reader, ranking=True),
    )
    async def rank(request: Request) -> Response:
        """Order rows, best first; `top_k` cuts the answer."""
        return await answer(request, engine.rank)


def _add_status(app: FastAPI, engine: Engine) -> None:
    about = {
        "model": engine.manifest.name,
        "version": engine.manifest.version,
        "encoder": engine.manifest.encoder,
        "software": version("crossrank"),
    }

    def status(word: str) -> Response:
        return Response(orjson.dumps({"status": word, **about}), media_type=_JSON)

    @app.get("/healthz", responses={200: {"model": Status}})
    async def healthz() -> Response:
        """Whether the process answers at all, and what it serves."""
        return status("ok")

    @app.get("/readyz", responses={200: {"model": Status}, **problems(503)})
    async def readyz() -> Response:
        """200 once the golden requests score as exported, and the model is warm."""
        engine.require_ready()
        return status("ready")

    @app.get("/metrics", responses={200: {"content": {"text/plain": {}}}})
    async def metrics(request: Request) -> Response:
        """Counts and times, for Prometheus."""
        content, media_type = engine.metrics.text(request.headers.get("accept", ""))
        return Response(content, headers={"content-type": media_type})


async def _refuse(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestError)
    return error.response({"retry-after": "1"} if error.kind is NOT_READY else None)


async def _refuse_http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return plain(error.status_code, error.headers)
