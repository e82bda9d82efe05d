"""What a request asks of a ranking, beside its rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from xxhash import xxh3_64_intdigest

from serving.problem import BAD_VALUE, RequestError, describe

KEYS = frozenset({"top_k", "rerank", "request_id", "seed"})

LONGEST = 200  # characters of an id
_EXACT = 53  # bits of an integer that every reader of JSON keeps
MOST = 2**_EXACT - 1


@dataclass(frozen=True)
class RankOptions:
    """top_k: how many of the best are shown (None: all). rerank: whether the bundle's re-ranking
    applies. request_id: the request's own. seed: of all that is drawn for it."""

    top_k: int | None
    rerank: bool
    request_id: str | None
    seed: int | None

    @classmethod
    def of(cls, document: Mapping[str, Any], *, reranks: bool) -> RankOptions:
        """Those of a body to a bundle that `reranks`, or does not.

        Raises RequestError.
        """
        rerank = document.get("rerank", reranks)
        if type(rerank) is not bool:
            raise _refuse("rerank", "true or false", rerank, "Leave it out for the bundle's own.")
        if rerank and not reranks:
            raise RequestError(
                BAD_VALUE,
                "'rerank' must be false: the bundle declares no re-ranking. Leave it out, or "
                "export the model with a [rerank].",
            )
        return cls(_top_k(document), rerank, _request_id(document), _seed(document))

    def drawn(self) -> tuple[str, int]:
        """The request's id, made up where it has none, and the seed, which follows from the id
        where none is given."""
        request_id = self.request_id or uuid4().hex
        if self.seed is not None:
            return request_id, self.seed
        return request_id, xxh3_64_intdigest(request_id.encode()) >> (64 - _EXACT)


def _top_k(document: Mapping[str, Any]) -> int | None:
    top_k: int | None = document.get("top_k")
    if top_k is not None and (type(top_k) is not int or top_k < 1):
        wanted = "a whole number of at least 1"
        raise _refuse("top_k", wanted, top_k, "Leave it out for all rows.")
    return top_k


def _request_id(document: Mapping[str, Any]) -> str | None:
    one: str | None = document.get("request_id")
    if one is not None and (type(one) is not str or not 0 < len(one) <= LONGEST):
        wanted = f"a text of 1 to {LONGEST} characters"
        raise _refuse("request_id", wanted, one, "Leave it out to have one made.")
    return one


def _seed(document: Mapping[str, Any]) -> int | None:
    seed: int | None = document.get("seed")
    if seed is not None and (type(seed) is not int or not 0 <= seed <= MOST):
        wanted = f"a whole number of 0 to {MOST}"
        raise _refuse("seed", wanted, seed, "Leave it out to have it follow from 'request_id'.")
    return seed


def _refuse(key: str, wanted: str, came: object, remedy: str) -> RequestError:
    return RequestError(BAD_VALUE, f"'{key}' must be {wanted}; it is {describe(came)}. {remedy}")
