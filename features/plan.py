"""Some features of an encoder, prepared for raw columns of certain dtypes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from features.coded import Coded, gains
from features.cores import spread
from features.derivation import Columns, Derivation
from features.derived.derived import Derived
from features.encoded import Encoded
from features.errors import SchemaError
from features.layout import IdField, Layout, NumericField
from features.ragged import Ragged
from features.state import State
from features.transforms.transform import Roles, Together, Transform, Values, each

Pairs = Sequence[tuple[Transform, State]]

_BLOCK = 65_536  # rows encoded at once: what is in the cache stays there


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
        enums = {name for name, dtype in dtypes.items() if isinstance(dtype, pl.Enum)}
        self._coded, self._others = list[int](), list[int]()
        for i, (feature, state) in enumerate(features):
            apart = feature.column in enums and gains(feature, state)
            (self._coded if apart else self._others).append(i)
        wanted = [features[i][0].column for i in self._others]
        dtypes = {name: pl.String() if name in enums else one for name, one in dtypes.items()}
        self._derivation = Derivation(derived, wanted, dtypes)
        self.derives_from = self._derivation.raw
        self._texts = enums & {*wanted, *self.derives_from}
        dtypes = self._derivation.dtypes
        self.layout = Layout(
            fields=tuple(feature.field(state) for feature, state in features), vocabularies={}
        )
        reads = {i: features[i][0].read(dtypes[features[i][0].column]) for i in self._others}
        # A column that encode takes as it is costs nothing; the others are made in one select.
        self._reads = {i: read.alias(str(i)) for i, read in reads.items() if read is not None}
        self._raw = list(dict.fromkeys(features[i][0].column for i in self._reads))
        self._places = self._placed()
        self._groups = [self._group(members) for members in self._kinds()]

    def _kinds(self) -> list[list[int]]:
        kinds: dict[Hashable, list[int]] = {}
        for i in self._others:
            feature, state = self._features[i]
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

    def _values(self, columns: Columns) -> dict[int, pl.Series]:
        if self._texts:
            columns = {**columns, **{one: columns[one].cast(pl.String) for one in self._texts}}
        columns = self._derivation(columns)
        made: dict[str, pl.Series] = {}
        if self._reads:
            frame = pl.DataFrame({name: columns[name] for name in self._raw})
            try:
                made = frame.select(self._reads.values()).to_dict()
            except pl.exceptions.PolarsError as error:
                raise SchemaError(f"The rows could not be encoded: {error}") from error
        return {
            i: made[str(i)] if i in self._reads else columns[self._features[i][0].column]
            for i in self._others
        }

    def __call__(self, columns: Columns, rows: int) -> Encoded:
        """Encode raw columns of `rows` values each. Raises SchemaError."""
        if not self._coded and rows <= _BLOCK:
            encoded = self._empty(rows)
            self._encode(columns, encoded)
            return encoded
        return self._in_blocks(pl.DataFrame(columns), self._encode_block)

    def training(self, frame: pl.DataFrame, roles: Roles) -> Encoded:
        """As a call, for the rows that were learned from."""

        def encode(block: pl.DataFrame, encoded: Encoded) -> None:
            values = self._values(block.to_dict())
            for i, one in values.items():
                feature, state = self._features[i]
                self._write(encoded, i, feature.encode_training(one, block, roles, state))

        return self._in_blocks(frame, encode)

    def _in_blocks(
        self, frame: pl.DataFrame, encode: Callable[[pl.DataFrame, Encoded], None]
    ) -> Encoded:
        """Enums at once, by their categories; the other features in blocks of rows."""
        whole = self._empty(frame.height)
        blocks = [whole.block(at, _BLOCK) for at in range(0, max(1, frame.height), _BLOCK)]
        known = spread(lambda i: self._by_category(i, frame), self._coded)

        def encode_block(at: int) -> None:
            for i, one in zip(self._coded, known, strict=True):
                one.write(at * _BLOCK, blocks[at].ids[self._places[i]])
            if self._others:
                encode(frame.slice(at * _BLOCK, _BLOCK), blocks[at])

        spread(encode_block, range(len(blocks)))
        return whole.joined(blocks)

    def _by_category(self, i: int, frame: pl.DataFrame) -> Coded:
        feature, state = self._features[i]
        return Coded(feature, frame[feature.column], state)

    def _encode_block(self, block: pl.DataFrame, encoded: Encoded) -> None:
        self._encode(block.to_dict(), encoded)

    def _encode(self, columns: Columns, encoded: Encoded) -> None:
        values = self._values(columns)
        for group in self._groups:
            found = group.together([values[i] for i in group.members])
            if isinstance(found, np.ndarray):
                target = encoded.ids if found.dtype == np.int32 else encoded.numerics
                target[group.places] = found
                continue
            for i, one in zip(group.members, found, strict=True):
                self._write(encoded, i, one)

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
