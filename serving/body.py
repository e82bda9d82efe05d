"""A request's body, whole or refused."""

from __future__ import annotations

from fastapi import Request

from serving.problem import MEDIA, TOO_LARGE, RequestError, short


def check_media(request: Request) -> None:
    """Raises RequestError: the body is said to be something else than plain JSON."""
    media_type = request.headers.get("content-type", "application/json")
    if media_type.partition(";")[0].strip().lower() != "application/json":
        raise RequestError(
            MEDIA,
            f"The body must be application/json; it is said to be '{short(media_type)}'. "
            "Set the header Content-Type.",
        )
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise RequestError(
            MEDIA,
            f"The body must not be compressed; its Content-Encoding is '{short(encoding)}'. "
            "Send it as it is.",
        )


async def read_body(request: Request, most: int) -> bytes:
    """Raises RequestError as soon as the body is known to have more than `most` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(most)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(most: int) -> RequestError:
    return RequestError(
        TOO_LARGE,
        f"The body must have at most {most} bytes; it has more. Send the rows in parts, or "
        "raise CROSSRANK_MAX_BODY_BYTES.",
    )
