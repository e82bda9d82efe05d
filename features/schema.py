"""The declared columns: what is a feature, what is the label, and how rows belong together."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, field_validator, model_validator

from features.checks.checks import Checks
from features.columns import named
from features.derivation import Derivation
from features.derived.derived import Derived
from features.derived.registry import AnyDerived, order
from features.errors import SchemaError
from features.suggest import listing, nearest
from features.transforms.categorical import Categorical
from features.transforms.custom import Custom
from features.transforms.id import Id
from features.transforms.registry import Feature
from features.transforms.transform import Roles, Transform
from features.want import Want


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


# A column may be read as the first, and what reads it as one of the others makes do with that.
_WIDER: dict[Want, tuple[Want, ...]] = {
    "number": ("id",),
    "value": ("id", "number"),
    "id": ("ids",),
    "ids": (),
    "numbers": (),
    "map": (),
}


class Schema(BaseModel):
    """Features in order, the derived columns that they may read, what raw columns must hold, and
    the columns that are not features.

    `tasks` are further labels; `query` groups the rows shown together; `position` is the rank at
    which a row was shown, and `propensity` how likely it was there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[Feature, ...]
    derived: tuple[AnyDerived, ...] = ()
    checks: Checks = Checks()
    label: str | None = None
    weight: str | None = None
    query: str | None = None
    position: str | None = None
    propensity: str | None = None
    tasks: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _expand_columns(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("features"), list | tuple):
            expanded: list[Any] = []
            for feature in data["features"]:
                expanded += _declarations(feature) if isinstance(feature, Mapping) else [feature]
            data = {**data, "features": expanded}
        if isinstance(data, Mapping) and isinstance(data.get("checks"), list | tuple):
            data = {**data, "checks": {"checks": data["checks"]}}
        return data

    @field_validator("derived")
    @classmethod
    def _ordered(cls, derived: tuple[Derived, ...]) -> tuple[Derived, ...]:
        return order(derived)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not self.features:
            raise ValueError("a schema must declare at least one feature; got none")
        names = Counter(feature.name for feature in self.features)
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(f"feature names must differ; {listing(twice)} came twice")
        _ = self.wants
        used = {
            raw: feature.name for feature in self.transforms for raw in self.sources[feature.column]
        }
        hidden = [(role, getattr(self, role)) for role in ("label", "position", "propensity")]
        for role, column in [*hidden, *(("label", task) for task in self.tasks)]:
            if column in used:
                raise ValueError(
                    f"the {role} column '{column}' must not be a feature: the model would read "
                    f"what it has to predict or correct for; remove feature '{used[column]}'"
                )
        self._refuse_labels()
        self._refuse_checks()
        for key, owner in self.owners.items():
            for feature in self.transforms:
                if feature.key == key and feature != owner:
                    self._refuse_own_limits(feature, owner)
        return self

    @cached_property
    def transforms(self) -> tuple[Transform, ...]:
        """What the features do."""
        return tuple(
            feature.transform if isinstance(feature, Custom) else feature
            for feature in self.features
        )

    def _refuse_labels(self) -> None:
        twice = {one for one, count in Counter(self.tasks).items() if count > 1}
        taken = sorted(twice | {*self.tasks} & {*self._named_roles.values()})
        if taken:
            raise ValueError(
                f"the columns of tasks must be labels of their own; remove {listing(taken)} from "
                "tasks, where it came twice or has another role"
            )

    def _refuse_checks(self) -> None:
        made = {one.name for one in self.derived}
        for check in self.checks.checks:
            if check.column in made:
                raise ValueError(
                    f"a check must be of a raw column; '{check.column}' is derived: check the "
                    "columns that it reads"
                )
            want = self.wants.get(check.column)
            if want in ("ids", "numbers", "map") and set(check.rules) - {"kind"}:
                raise ValueError(
                    f"the check of column '{check.column}' must be of kind = \"list\" or of "
                    f"max_null_rate alone: the column is read as {want}"
                )

    @staticmethod
    def _refuse_own_limits(feature: Transform, owner: Transform) -> None:
        if not (isinstance(feature, Categorical) and isinstance(owner, Categorical)):
            raise ValueError(
                f"features '{feature.name}' and '{owner.name}' must not both be known as "
                f"'{owner.key}': they learn different things; rename one"
            )
        limits = []
        for name in feature.limits:
            default = type(feature).model_fields[name].default
            if getattr(feature, name) not in (default, getattr(owner, name)):
                limits.append(name)
        if limits:
            raise ValueError(
                f"feature '{feature.name}' shares the vocabulary of '{owner.name}', which alone "
                f"sets its limits; remove {listing(sorted(limits))} from '{feature.name}'"
            )

    @cached_property
    def owners(self) -> dict[str, Transform]:
        """Per statistic key, the feature whose declaration decides what is kept."""
        owners: dict[str, Transform] = {}
        for feature in self.transforms:
            if feature.key not in owners or feature.name == feature.key:
                owners[feature.key] = feature
        return owners

    @property
    def columns(self) -> tuple[str, ...]:
        """Raw columns that the features read, each once."""
        return tuple(self.wants)

    @cached_property
    def sources(self) -> dict[str, frozenset[str]]:
        """Per column that a feature may read, the raw columns that it comes from."""
        found: dict[str, frozenset[str]] = {}
        for one in self.derived:
            parts = [found.get(column, frozenset({column})) for column in one.inputs]
            found[one.name] = frozenset().union(*parts)
        raw = {feature.column for feature in self.transforms} - found.keys()
        return found | {column: frozenset({column}) for column in raw}

    @cached_property
    def wants(self) -> dict[str, Want]:
        """How each raw column that the features come from is read."""
        wants: dict[str, set[Want]] = {}
        for one in self.transforms:
            wants.setdefault(one.column, set()).add(one.want)
        for derived in reversed(self.derived):  # those that read others come first
            if wants.pop(derived.name, None) is not None:
                for column, want in derived.wants.items():
                    wants.setdefault(column, set()).add(want)
        return {column: self._want(column, kinds) for column, kinds in wants.items()}

    @staticmethod
    def _want(column: str, kinds: set[Want]) -> Want:
        for strongest, others in _WIDER.items():
            if strongest in kinds and kinds <= {strongest, *others}:
                return strongest
        raise ValueError(
            f"column '{column}' must be read in one way; it is read as {listing(sorted(kinds))}"
        )

    @property
    def fit_columns(self) -> tuple[str, ...]:
        """Raw columns that fitting reads, the checked ones among them, each once."""
        roles = self.role_columns
        learning = [one for one in self.transforms if self.owners[one.key].fit_columns(roles)]
        every = [column for feature in learning for column in feature.fit_columns(roles)]
        raw = [sorted(self.sources.get(column, {column})) for column in every]
        named = [column for columns in raw for column in columns]
        return tuple(dict.fromkeys([*named, *self.checks.columns]))

    @property
    def coded(self) -> frozenset[str]:
        """Raw columns that ids alone read, for which the dictionary of a text is enough."""
        roles = self.role_columns
        others = [one for one in self.transforms if not (isinstance(one, Id) and one.hashes == 1)]
        read = [one.column for one in others]
        read += [column for one in others for column in one.fit_columns(roles)]
        read += [column for one in self.derived for column in one.inputs]
        ids = {one.column for one in self.transforms} - {one.name for one in self.derived}
        return frozenset(ids.difference(read, self.checks.columns, self.roles.values()))

    @property
    def files(self) -> tuple[str, ...]:
        """Files that list the values of vocabularies."""
        named = [one.file for one in self.transforms if isinstance(one, Categorical)]
        return tuple(dict.fromkeys(file for file in named if file is not None))

    @property
    def role_columns(self) -> Roles:
        """The columns that are not features."""
        return Roles(**self._named_roles)

    @property
    def roles(self) -> dict[str, str]:
        """Raw columns that are not features, by role; that of a further label is `task:` and its
        name."""
        return self._named_roles | {f"task:{column}": column for column in self.tasks}

    @property
    def _named_roles(self) -> dict[str, str]:
        named = {role: getattr(self, role) for role in Roles.model_fields}
        return {role: column for role, column in named.items() if column is not None}

    def derive(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with the derived columns that its own columns suffice for."""
        wanted = [one.name for one in self.derived if self.sources[one.name] <= set(frame.columns)]
        if not wanted:
            return frame
        made = Derivation(self.derived, wanted, frame.schema)(frame.to_dict())
        return frame.with_columns(made[name] for name in wanted)

    def check(
        self, present: Iterable[str], roles: Iterable[str] = (), *, fitting: bool = False
    ) -> None:
        """Raise SchemaError where a feature's column, or one of these roles', is absent.

        `fitting` asks for what fitting reads instead of what encoding does.
        """
        present = list(present)
        known = self.role_columns
        wanted = {
            raw: f"feature '{feature.name}'"
            for feature in self.transforms
            for column in (feature.fit_columns(known) if fitting else [feature.column])
            for raw in self.sources.get(column, [column])
        }
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
        # What declares none of these keeps the fingerprint of before there were any.
        absent = {name for name in ("tasks", "propensity") if not getattr(self, name)}
        text = json.dumps(self.model_dump(mode="json", exclude=absent), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()
