"""Some features of an encoder, prepared for raw columns of certain dtypes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from features.derivation import Columns, Derivation
from features.derived.derived import Derived
from features.encoded import Encoded
from features.errors import SchemaError
from features.layout import IdField, Layout, NumericField
from features.ragged import Ragged
from features.state import State
from features.transforms.transform import Roles, Together, Transform, Values, each

Pairs = Sequence[tuple[Transform, State]]


@dataclass(frozen=True)
class _Group:
    """Features of one kind, and where the values of each go."""

    members: list[int]
    places: npt.NDArray[np.intp]
    together: Together


class Plan:
    """What is the same for each batch: expressions, groups, places.

    Args:
        features: with what they learned.
        derived: the columns that some of them read, those that others read first.
        dtypes: of the raw columns.

    Raises:
        SchemaError: a column cannot be read as declared.
    """

    def __init__(
        self, features: Pairs, derived: Sequence[Derived], dtypes: Mapping[str, pl.DataType]
    ) -> None:
        self._features = list(features)
        self._derivation = Derivation(derived, [one.column for one, _ in features], dtypes)
        dtypes = self._derivation.dtypes
        self.layout = Layout(
            fields=tuple(feature.field(state) for feature, state in features), vocabularies={}
        )
        reads = [feature.read(dtypes[feature.column]) for feature, _ in features]
        # A column that encode takes as it is costs nothing; the others are made in one select.
        self._reads = {i: read.alias(str(i)) for i, read in enumerate(reads) if read is not None}
        self._raw = list(dict.fromkeys(self._features[i][0].column for i in self._reads))
        self.derives_from = self._derivation.raw
        self._places = self._placed()
        self._groups = [self._group(members) for members in self._kinds()]

    def _kinds(self) -> list[list[int]]:
        kinds: dict[Hashable, list[int]] = {}
        for i, (feature, state) in enumerate(self._features):
            kinds.setdefault((type(feature), feature.kind(state)), []).append(i)
        return list(kinds.values())

    def _group(self, members: list[int]) -> _Group:
        together = _together([self._features[i] for i in members])
        return _Group(members, np.array([self._places[i] for i in members]), together)

    def _placed(self) -> list[int]:
        """Where each feature's first value goes, among the ids or among the numbers."""
        places, self._ids, self._numbers = [], 0, 0
        for field in self.layout.fields:
            places.append(self._ids if isinstance(field, IdField) else self._numbers)
            self._ids += isinstance(field, IdField)
            self._numbers += field.width if isinstance(field, NumericField) else 0
        return places

    def _values(self, columns: Columns) -> list[pl.Series]:
        columns = self._derivation(columns)
        made: dict[str, pl.Series] = {}
        if self._reads:
            frame = pl.DataFrame({name: columns[name] for name in self._raw})
            try:
                made = frame.select(self._reads.values()).to_dict()
            except pl.exceptions.PolarsError as error:
                raise SchemaError(f"The rows could not be encoded: {error}") from error
        return [
            made[str(i)] if i in self._reads else columns[feature.column]
            for i, (feature, _) in enumerate(self._features)
        ]

    def __call__(self, columns: Columns, rows: int) -> Encoded:
        """Encode raw columns of `rows` values each. Raises SchemaError."""
        values = self._values(columns)
        encoded = self._empty(rows)
        for group in self._groups:
            found = group.together([values[i] for i in group.members])
            if isinstance(found, np.ndarray):
                target = encoded.ids if found.dtype == np.int32 else encoded.numerics
                target[group.places] = found
                continue
            for i, one in zip(group.members, found, strict=True):
                self._write(encoded, i, one)
        return encoded

    def training(self, frame: pl.DataFrame, roles: Roles) -> Encoded:
        """As a call, for the rows that were learned from."""
        values = self._values(frame.to_dict())
        encoded = self._empty(frame.height)
        for i, (feature, state) in enumerate(self._features):
            self._write(encoded, i, feature.encode_training(values[i], frame, roles, state))
        return encoded

    def _empty(self, rows: int) -> Encoded:
        ids = np.empty((self._ids, rows), np.int32)
        return Encoded(rows, ids, np.empty((self._numbers, rows), np.float32), {})

    def _write(self, encoded: Encoded, i: int, values: Values) -> None:
        field, place = self.layout.fields[i], self._places[i]
        if isinstance(values, Ragged):
            encoded.sequences[field.name] = values
        elif isinstance(field, IdField):
            encoded.ids[place] = values
        else:
            width = values.shape[1] if values.ndim > 1 else 1
            encoded.numerics[place : place + width] = values.T


def _together(features: Pairs) -> Together:
    """What the class of these features has, but for a subclass with an `encode` of its own."""
    kind = type(features[0][0])
    encodes, encodes_together = (
        next(one for one in kind.__mro__ if name in vars(one)) for name in ("encode", "together")
    )
    if issubclass(encodes_together, encodes):
        return kind.together(features)
    return each(features)
