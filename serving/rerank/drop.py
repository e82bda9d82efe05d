"""Rows that must not be shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from serving.rerank.condition import When
from serving.rerank.rule import Read, Rule, reads_of


class Drop(Rule):
    """The rows for which all conditions hold are left out."""

    type: Literal["drop"] = "drop"
    when: Annotated[When, Field(min_length=1)]

    @property
    def reads(self) -> Iterator[Read]:
        return reads_of(self.when)
