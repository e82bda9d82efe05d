"""One declared check of one raw column."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, StrictInt, model_validator

from features.checks.kinds import Kind
from features.suggest import listing
from features.transforms.text import canonical

Rule = Literal["kind", "min", "max", "allowed", "max_length"]

_Whole = Annotated[StrictInt, Field(ge=-(2**63), lt=2**63)]
_Real = Annotated[float, Field(strict=True, allow_inf_nan=False)]
_KINDS: dict[Kind, str] = {
    "number": "hold numbers",
    "integer": "hold whole numbers of 64 bits",
    "text": "hold text",
    "boolean": "hold true or false",
    "time": "hold dates or times",
    "list": "hold lists",
}


class Check(BaseModel):
    """What must hold of a raw column's values; a missing one breaks none but `max_null_rate`.

    `on_violation` says what happens to a value that breaks a rule: it stops the run (`fail`), it
    becomes missing (`null`), or it becomes the nearest bound (`clip`; what is no number becomes
    missing). More missing values than `max_null_rate`, the ones made so included, always stop it.

        [[checks]]
        column = "age"
        kind = "number"
        min = 0
        max = 120
        on_violation = "clip"
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    kind: Kind | None = None
    min: _Whole | _Real | None = None
    max: _Whole | _Real | None = None
    allowed: tuple[bool | _Whole | _Real | str, ...] | None = Field(default=None, min_length=1)
    max_length: int | None = Field(default=None, ge=1)
    max_null_rate: float | None = Field(default=None, ge=0, le=1)
    on_violation: Literal["fail", "null", "clip"] = "fail"

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The declared rules of single values."""
        every: tuple[Rule, ...] = ("kind", "min", "max", "allowed", "max_length")
        return tuple(rule for rule in every if getattr(self, rule) is not None)

    @property
    def texts(self) -> pl.Series:
        """Canonical text of the allowed values, null where one is missing."""
        return pl.concat([pl.Series([], dtype=pl.String), *map(_text, self.allowed or ())])

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        bounded = self.min is not None or self.max is not None
        if not self.rules and self.max_null_rate is None:
            raise ValueError(
                "a check must say what holds: kind, min, max, allowed, max_length or "
                f"max_null_rate; that of '{self.column}' says nothing"
            )
        if bounded and self.kind not in ("number", "integer"):
            raise ValueError(
                'min and max need kind = "number", or "integer" for ids: a request may send '
                f"either as text; got {_given(self.kind)}"
            )
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min must not be above max; got {self.min} and {self.max}")
        if self.kind == "integer" and any(isinstance(one, float) for one in (self.min, self.max)):
            raise ValueError("min and max of integers must be whole; write 7, not 7.5 or 7.0")
        self._check_texts(bounded=bounded)
        if self.on_violation == "clip" and not bounded:
            raise ValueError('on_violation = "clip" needs min, max, or both; got neither')
        if self.on_violation == "null" and not self.rules:
            raise ValueError(
                "max_null_rate always fails; remove on_violation, or say what else holds"
            )
        return self

    def _check_texts(self, *, bounded: bool) -> None:
        if self.allowed is not None:
            if bounded:
                raise ValueError("allowed lists every value; remove it, or min and max")
            if self.kind == "list":
                raise ValueError("allowed is of single values; a list has none")
            if self.texts.null_count():
                raise ValueError(
                    'allowed must not list "": a missing value always is, up to max_null_rate'
                )
        if self.max_length is not None and self.kind not in (None, "text"):
            raise ValueError(f"max_length is of text; kind is {_given(self.kind)}")

    def must(self, rule: Rule) -> str:
        """What the rule demands, after `Column 'age' must `."""
        match rule:
            case "kind":
                assert self.kind is not None
                return _KINDS[self.kind]
            case "min":
                return f"be at least {self.min}"
            case "max":
                return f"be at most {self.max}"
            case "allowed":
                return f"be one of {listing(text[:40] for text in self.texts)}"
            case "max_length":
                return f"be at most {self.max_length} characters long"


def _text(value: bool | int | float | str) -> pl.Series:
    series = pl.Series("value", [value])
    return series.to_frame().select(canonical(pl.col("value"), series.dtype, "")).to_series()


def _given(kind: Kind | None) -> str:
    return "no kind" if kind is None else f'"{kind}"'
