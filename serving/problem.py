"""Refusals, as RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from pydantic import BaseModel
from pydantic import Field as Option
from starlette.responses import Response

from features.errors import DataError

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A problem that a client can tell apart by its `type`."""

    slug: str
    status: int
    title: str

    @property
    def type(self) -> str:
        return f"urn:crossrank:problem:{self.slug}"


BAD_BODY = Kind("bad-body", 400, "The body is not the JSON that the route reads")
TOO_LARGE = Kind("too-large", 413, "The request is larger than this server takes")
MEDIA = Kind("media-type", 415, "The body is not of a media type that the route reads")
BAD_COLUMNS = Kind("bad-columns", 422, "The columns are not those that the model reads")
BAD_VALUE = Kind("bad-value", 422, "A value is not of the type that the model reads")
INTERNAL = Kind("internal", 500, "The server failed")
NOT_READY = Kind("not-ready", 503, "The model is not ready")


class RequestError(DataError):
    """A request that is not answered: its kind, what to mend, and where.

    row: counted from 0, None where the whole column or the context is meant.
    """

    def __init__(
        self, kind: Kind, detail: str, *, column: str | None = None, row: int | None = None
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.column, self.row = kind, detail, column, row

    def response(self, headers: Mapping[str, str] | None = None) -> Response:
        document: dict[str, Any] = {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
        }
        if self.column is not None:
            document["column"] = self.column
        if self.row is not None:
            document["row"] = self.row
        return _response(document, self.kind.status, headers)


class Problem(BaseModel):
    """RFC 9457 problem details, for the documentation; `row` counts from 0."""

    type: str = Option(examples=[BAD_VALUE.type])
    title: str = Option(examples=[BAD_VALUE.title])
    status: int = Option(examples=[BAD_VALUE.status])
    detail: str | None = Option(default=None, examples=["Column 'age' must hold numbers; ..."])
    column: str | None = Option(default=None, examples=["age"])
    row: int | None = Option(default=None, examples=[0])


def plain(status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A problem that says no more than its HTTP status does."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return _response(document, status, headers)


def internal() -> Response:
    """The problem of an error whose cause is for the log alone."""
    return RequestError(
        INTERNAL, "The server's log says why. Try again, or tell its owner."
    ).response()


def _response(document: dict[str, Any], status: int, headers: Mapping[str, str] | None) -> Response:
    return Response(orjson.dumps(document), status, headers, media_type=MEDIA_TYPE)


def short(value: str, most: int = 60) -> str:
    """A client's own text, cut so that an answer cannot grow with the request."""
    return value if len(value) <= most else value[:most] + "..."


def describe(value: object) -> str:
    """A JSON value as an error message names it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f"the text '{short(value)}'"
        case int() | float():
            return f"the number {value}"
        case list():
            return "a list"
        case _:
            return "an object"
