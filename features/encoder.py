"""Raw rows to encoded rows: the same object in training and in the server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from features.batch import Batch
from features.checks.checks import Checks
from features.derivation import Columns, untyped
from features.encoded import Encoded
from features.errors import DataError, SchemaError
from features.index import pack
from features.joint import Joint
from features.layout import Layout, NumericField
from features.plan import Plan
from features.schema import Schema
from features.state import State
from features.transforms.transform import Transform

_PLANS = 64  # a client could send endless dtype combinations


class Encoder:
    """A schema with what was learned for it.

    Args:
        schema: the declaration.
        states: by statistic key.
    """

    def __init__(self, schema: Schema, states: Mapping[str, State]) -> None:
        self.schema = schema
        known = [key for key, state in states.items() if state.vocabulary is not None]
        indices = pack([states[key].vocabulary.index for key in known])  # type: ignore[union-attr]
        self.states = dict(states)
        for key, index in zip(known, indices, strict=True):
            vocabulary = states[key].vocabulary
            assert vocabulary is not None
            self.states[key] = replace(states[key], vocabulary=vocabulary.over(index))
        self._wanted = frozenset(schema.columns)
        self._loose = tuple(
            column for column, want in schema.wants.items() if want in ("value", "map")
        )
        self._plans: dict[Any, Plan] = {}
        self._joints: dict[Any, Joint] = {}
        self._known_checks: dict[frozenset[str], Checks] = {}

    @cached_property
    def layout(self) -> Layout:
        fields = tuple(one.field(self.states[one.key]) for one in self.schema.transforms)
        named = [field.vocabulary for field in fields if not isinstance(field, NumericField)]
        return Layout(fields=fields, vocabularies={key: self.states[key].rows for key in named})

    def _plan(self, dtypes: Mapping[str, pl.DataType]) -> Plan:
        if not dtypes.keys() >= self._wanted:
            self.schema.check(dtypes)
        # Each Enum is a type of its own; how they are read, they have in common.
        found = [dtypes[column] for column in self.schema.columns]
        signature = tuple(pl.Enum if isinstance(one, pl.Enum) else one for one in found)
        known = self._plans.get(signature)
        if known is None:
            known = self._made(self.schema.transforms, dtypes)
            _keep(self._plans, signature, known)
        return known

    def _planned(self, frame: pl.DataFrame) -> tuple[Plan, pl.DataFrame]:
        try:
            return self._plan(frame.schema), frame
        except SchemaError:
            frame = untyped(frame)
            return self._plan(frame.schema), frame

    def _checked(
        self, frame: pl.DataFrame, where: str = "", *, training: bool = False
    ) -> pl.DataFrame:
        """The frame as the checks of its columns leave it: of those that features read, or, for
        `training`, of all, as in fitting. Raises DataError where one fails.
        """
        columns = frozenset(frame.columns)
        checks = self._checks(columns if training else columns & self._wanted)
        if not checks.checks:
            return frame
        try:
            checked, found = checks.apply(frame)
        except SchemaError:
            frame = untyped(frame)
            checked, found = checks.apply(frame)
        if found.failed:
            failure = checks.first_failure(frame)
            assert failure is not None
            _, row, message = failure
            raise DataError(message.replace(f"row {row} holds", f"{where or f'row {row}'} holds"))
        return checked

    def _checks(self, columns: frozenset[str]) -> Checks:
        known = self._known_checks.get(columns)
        if known is None:
            known = self.schema.checks.of(columns)
            _keep(self._known_checks, columns, known)
        return known

    def _encoded(self, frame: pl.DataFrame) -> Encoded:
        plan, frame = self._planned(self._checked(frame))
        return plan(frame.to_dict(), frame.height)

    def encode(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Encoded columns, named as the features, no nulls.

        Int32, Float32, Array(Float32, width) or List(Int32), by the layout. Raises SchemaError.
        """
        return self._encoded(frame).frame(self.layout)

    def encode_training(self, frame: pl.DataFrame) -> pl.DataFrame:
        """As `encode`, for the rows that were learned from, none of which sees its own label.

        The frame must hold `schema.fit_columns` too.
        """
        kinds = {type(feature) for feature in self.schema.transforms}
        if all(kind.encode_training is Transform.encode_training for kind in kinds):
            return self.encode(frame)
        frame = untyped(self._checked(frame, training=True))
        plan, roles = self._plan(frame.schema), self.schema.role_columns
        return plan.training(self.schema.derive(frame), roles).frame(self.layout)

    def batch(self, frame: pl.DataFrame) -> Batch:
        """Encoded arrays. Raises SchemaError."""
        return self._encoded(frame).batch(self.layout)

    def request(self, context: Columns, columns: Columns, rows: int) -> Batch:
        """Encoded arrays of one request: `context` holds a value a column, for every row.

        Ids come as String and numbers as Float64, in lists where lists are wanted; then this is
        the fast way to encode a few rows. Raises SchemaError.
        """
        if not self._wanted <= context.keys() | columns.keys():
            self.schema.check((*context, *columns))
        if self.schema.checks.checks:
            context = self._checked(pl.DataFrame(context), "the context").to_dict()
            columns = self._checked(pl.DataFrame(columns)).to_dict()
        loose = tuple(
            (context[name] if name in context else columns[name]).dtype for name in self._loose
        )
        signature = (frozenset(context), loose)
        joint = self._joints.get(signature)
        if joint is None:
            dtypes = {name: one.dtype for name, one in (*context.items(), *columns.items())}
            shared = [
                one
                for one in self.schema.transforms
                if self.schema.sources[one.column] <= context.keys()
            ]
            own = [one for one in self.schema.transforms if one not in shared]
            joint = Joint(self.layout, self._made(shared, dtypes), self._made(own, dtypes))
            _keep(self._joints, signature, joint)
        return joint(context, columns, rows).batch(self.layout)

    def _made(self, features: Iterable[Transform], dtypes: Mapping[str, pl.DataType]) -> Plan:
        pairs = [(one, self.states[one.key]) for one in features]
        return Plan(pairs, self.schema.derived, dtypes)

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the schema and the states, which is all that decides how rows encode."""
        parts = {
            "schema": self.schema.fingerprint,
            "states": {key: _digest(state) for key, state in self.states.items()},
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _keep(known: dict[Any, Any], key: Any, value: Any) -> None:
    """Remember a value; where there are too many, only this one."""
    if len(known) >= _PLANS:
        known.clear()
    known[key] = value


def _digest(state: State) -> Any:
    known = state.vocabulary
    arrays = {
        name: hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
        for name, array in state.arrays.items()
    }
    return [
        dict(state.values),
        arrays,
        known and [known.size, known.index.shift, known.index.digest],
    ]
