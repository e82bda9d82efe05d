"""The declared columns: what is a feature, what is the label, and how rows belong together."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, model_validator

from features.columns import named
from features.errors import SchemaError
from features.suggest import listing, nearest
from features.transforms.numeric import Numeric
from features.transforms.registry import Feature
from features.transforms.transform import Transform


def _declarations(declared: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One declaration a feature, from one that may name many `columns`."""
    if "columns" not in declared:
        yield {"name": declared.get("column", ""), **declared}
        return
    common = {key: value for key, value in declared.items() if key != "columns"}
    if "name" in common or "column" in common:
        raise ValueError("a feature names either `columns`, or `column` and `name`; got both")
    for column in named(declared["columns"]):
        yield common | {"name": column, "column": column}


def untyped(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with columns that hold no value as Null: their type was a reader's guess."""
    empty = [column.name for column in frame if column.null_count() == frame.height]
    return frame.with_columns(pl.lit(None).alias(name) for name in empty)


class Schema(BaseModel):
    """Features in order, and the columns that are not features.

    `query` groups the rows shown together; `position` is the rank at which a row was shown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[Feature, ...]
    label: str | None = None
    weight: str | None = None
    query: str | None = None
    position: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _expand_columns(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("features"), list | tuple):
            expanded: list[Any] = []
            for feature in data["features"]:
                expanded += _declarations(feature) if isinstance(feature, Mapping) else [feature]
            return {**data, "features": expanded}
        return data

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.features:
            raise ValueError("a schema must declare at least one feature; got none")
        names = Counter(feature.name for feature in self.features)
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"feature names must differ; {listing(twice)} came twice")
        used = {feature.column: feature.name for feature in self.features}
        for role in ("label", "position"):
            column = getattr(self, role)
            if column in used:
                raise ValueError(
                    f"the {role} column '{column}' must not be a feature: the model would read "
                    f"what it has to predict or correct for; remove feature '{used[column]}'"
                )
        for key, owner in self.owners.items():
            for feature in self.features:
                if feature.key == key and feature != owner:
                    self._refuse_own_limits(feature, owner)
        return self

    @staticmethod
    def _refuse_own_limits(feature: Transform, owner: Transform) -> None:
        if isinstance(feature, Numeric) or isinstance(owner, Numeric):
            raise ValueError(
                f"features '{feature.name}' and '{owner.name}' must not both be known as "
                f"'{owner.key}': one learns a vocabulary, the other a scale; rename one"
            )
        limits = []
        for name in ("min_count", "max_size"):
            default = type(feature).model_fields[name].default
            if getattr(feature, name) not in (default, getattr(owner, name, default)):
                limits.append(name)
        if limits:
            raise ValueError(
                f"feature '{feature.name}' shares the vocabulary of '{owner.name}', which alone "
                f"sets its limits; remove {listing(sorted(limits))} from '{feature.name}'"
            )

    @property
    def owners(self) -> dict[str, Transform]:
        """Per statistic key, the feature whose declaration decides what is kept."""
        owners: dict[str, Transform] = {}
        for feature in self.features:
            if feature.key not in owners or feature.name == feature.key:
                owners[feature.key] = feature
        return owners

    @property
    def columns(self) -> tuple[str, ...]:
        """Raw columns that the features read, each once."""
        return tuple(dict.fromkeys(feature.column for feature in self.features))

    @property
    def roles(self) -> dict[str, str]:
        """Raw columns that are not features, by role."""
        named = {role: getattr(self, role) for role in ("label", "weight", "query", "position")}
        return {role: column for role, column in named.items() if column is not None}

    def check(self, present: Iterable[str], roles: Iterable[str] = ()) -> None:
        """Raise SchemaError where a feature's column, or one of these roles', is absent."""
        present = list(present)
        wanted = {feature.column: f"feature '{feature.name}'" for feature in self.features}
        wanted |= {self.roles[role]: f"the {role}" for role in roles if role in self.roles}
        for column, reader in wanted.items():
            if column not in present:
                raise SchemaError(
                    f"Column '{column}' ({reader}) must be in the data; it holds "
                    f"{listing(present)}.{nearest(column, present)}"
                )

    @property
    def fingerprint(self) -> str:
        """sha256 of the declaration."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
