"""What to search, how, and for how long."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictFloat,
    StrictInt,
    field_validator,
    model_validator,
)

Number = StrictInt | StrictFloat
_GRID = 100_000  # points at most


class Axis(BaseModel):
    """The values that one key of the configuration may take: `choices`, or `low` to `high`.

    Whole numbers where the bounds are; evenly by their logarithm with `log`; in steps of `step`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    choices: tuple[Any, ...] | None = None
    low: Number | None = None
    high: Number | None = None
    log: bool = False
    step: Number | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.choices is not None:
            if {"low", "high", "log", "step"} & self.model_fields_set:
                raise ValueError("an axis has either choices, or low and high; it has both")
            if len({json.dumps(one, sort_keys=True, default=str) for one in self.choices}) < 2:
                raise ValueError("choices must be two different values or more")
            return self
        if self.low is None or self.high is None:
            raise ValueError("an axis needs low and high, or choices")
        if not self.low < self.high:
            raise ValueError(f"low must be below high; got {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"with log = true, low must be above 0; got {self.low}")
        if self.log and self.step is not None:
            raise ValueError("log and step exclude each other; remove one of them")
        return self

    @property
    def whole(self) -> bool:
        """Whether its values are whole numbers."""
        return all(isinstance(one, int) for one in (self.low, self.high, self.step or 1))

    @property
    def ends(self) -> list[Any]:
        """The least and the greatest of its values, or all of its choices."""
        if self.choices is not None:
            return list(self.choices)
        points = self.points
        return [self.low, self.high] if points is None else [points[0], points[-1]]

    def __contains__(self, value: object) -> bool:
        if self.choices is not None:
            return value in self.choices
        number = int if self.whole else int | float
        if isinstance(value, bool) or not isinstance(value, number):
            return False
        points, (low, high) = self.points, self.ends
        return bool(low <= value <= high) if points is None else value in points

    @property
    def points(self) -> Sequence[Any] | None:
        """All of its values, or None where there is no end of them."""
        if self.choices is not None:
            return self.choices
        if self.whole:
            return range(int(self.low or 0), int(self.high or 0) + 1, int(self.step or 1))
        if self.step is None:
            return None
        # 0.1 + 2 x 0.1 is 0.3, in decimals as it was written.
        low, high, step = (Decimal(str(one)) for one in (self.low, self.high, self.step))
        return [float(low + i * step) for i in range(int((high - low) / step) + 1)]


class TuneConfig(BaseModel):
    """A search over `space`, keys of the configuration with the values they may take.

    Each of `trials` trainings is scored by `monitor` on validation; hopeless ones are pruned
    after an epoch. The `best` of them are trained anew with `seeds` seeds, and the best mean wins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    trials: int = Field(default=20, ge=1)
    minutes: float | None = Field(default=None, gt=0)
    parallel: int = Field(default=1, ge=1)
    sampler: Literal["tpe", "random", "grid"] = "tpe"
    pruner: Literal["median", "halving", "hyperband", "none"] = "median"
    seed: int = Field(default=0, ge=0, lt=2**31)
    monitor: str | None = None
    best: int = Field(default=3, ge=1)
    seeds: int = Field(default=3, ge=1)
    keep: bool = False
    space: dict[str, Axis] = Field(min_length=1)

    @field_validator("space", mode="before")
    @classmethod
    def _flat(cls, data: Any) -> Any:
        """`train.epochs = {...}` without its quotes is TOML for a table in a table."""
        return dict(_flattened(data)) if isinstance(data, Mapping) else data

    @model_validator(mode="after")
    def _countable(self) -> Self:
        endless = [key for key, axis in self.space.items() if axis.points is None]
        if self.sampler == "grid" and endless:
            raise ValueError(
                f"a grid needs axes that can be counted; {endless[0]} goes over all numbers "
                "between two. Give it choices or a step, or use the sampler tpe"
            )
        size = math.prod(len(axis.points or ()) for axis in self.space.values())
        if self.sampler == "grid" and size > _GRID:
            raise ValueError(
                f"a grid must have at most {_GRID:,} points; this one has {size:,}. Use fewer "
                "values, or the sampler tpe"
            )
        return self


def _flattened(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in table.items():
        nested = isinstance(value, Mapping) and value
        if nested and all(isinstance(one, Mapping) for one in value.values()):
            found += _flattened(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found
