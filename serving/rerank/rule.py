"""What every rule declares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict

from features.want import Want
from serving.rerank.condition import When

Read = tuple[str, Want]


class Rule(BaseModel, ABC):
    """One rule over candidates."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    @abstractmethod
    def reads(self) -> Iterator[Read]:
        """The columns it reads, and as what; the same one may come twice."""


def reads_of(when: When) -> Iterator[Read]:
    return ((one.column, one.want) for one in when)
