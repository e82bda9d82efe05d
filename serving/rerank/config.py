"""What a run declares of re-ranking."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from features.errors import ConfigError
from features.schema import Schema
from features.want import Want
from serving.rerank.cap import Cap
from serving.rerank.diversity import Diversity
from serving.rerank.exploration import AnyExploration
from serving.rerank.pin import Pin
from serving.rerank.rules import AnyRule
from serving.rerank.share import Share

# What a rule wants of a column, and how the model may read the same one.
_FITTING: dict[Want, tuple[Want, ...]] = {
    "id": ("id", "number", "value"),
    "number": ("number",),
    "numbers": ("numbers",),
}


class RerankConfig(BaseModel):
    """What becomes of scored candidates, in this order whatever that of the declaration: rows are
    dropped; scores are boosted, one boost after the other; the first `depth` positions are filled
    from the top, within pins, caps and shares, by score or for diversity, with exploration. The
    other rows follow by score.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    depth: int = Field(default=50, ge=1, le=1000)
    rules: tuple[AnyRule, ...] = ()
    diversity: Diversity | None = None
    exploration: AnyExploration | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not (self.rules or self.diversity or self.exploration):
            raise ValueError("re-ranking needs `rules`, `diversity` or `exploration`; it has none")
        pins = Counter(rule.position for rule in self.rules if isinstance(rule, Pin))
        if twice := [position for position, count in pins.items() if count > 1]:
            raise ValueError(f"the positions of pins must differ; {twice[0]} came twice")
        ends = [rule.top for rule in self.rules if isinstance(rule, Cap | Share)]
        if (deepest := max([*ends, *(one + 1 for one in pins)], default=0)) > self.depth:
            raise ValueError(
                f"the rules reach down to {deepest} rows, beyond the `depth` of {self.depth} that "
                f"is re-ranked; set depth = {deepest}"
            )
        _ = self.reads
        return self

    @cached_property
    def reads(self) -> dict[str, Want]:
        """How each column that re-ranking reads is read."""
        wants: dict[str, set[Want]] = {}
        for rule in self.rules:
            for column, want in rule.reads:
                wants.setdefault(column, set()).add(want)
        for column, want in () if self.diversity is None else self.diversity.reads:
            wants.setdefault(column, set()).add(want)
        for column, found in wants.items():
            if "numbers" in found and len(found) > 1:
                raise ValueError(f"column '{column}' must be a vector or one value, not both")
        # A number still is an id for those that compare it as one.
        return {
            column: "number" if "number" in found else next(iter(found))
            for column, found in wants.items()
        }

    @property
    def policy(self) -> dict[str, Any]:
        """What an answer says of how its list was made: a name and parameters."""
        parameters: dict[str, Any] = {}
        if self.exploration is not None:
            parameters = self.exploration.model_dump(mode="json", exclude={"type"})
        name = "greedy" if self.exploration is None else self.exploration.type
        return {"name": name, **parameters, "depth": self.depth}

    def require(self, schema: Schema) -> None:
        """Raises ConfigError: a column that the model reads too is read in another way."""
        for column, want in self.reads.items():
            read = schema.wants.get(column)
            if read is not None and read not in _FITTING[want]:
                raise ConfigError(
                    f"rerank: column '{column}' must be read as {_SAID[want]}; the model reads it "
                    f"as {_SAID[read]}. Let the rule read another column of the request."
                )


_SAID: dict[Want, str] = {
    "value": "a value of any kind",
    "id": "an id",
    "number": "a number",
    "ids": "a list of ids",
    "numbers": "a vector",
    "map": "a map",
}
