"""Raw rows to encoded rows: the same object in training and in the server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.errors import DataError, FingerprintError, SchemaError
from features.files import read_json, write_json
from features.layout import Layout
from features.schema import Schema, untyped
from features.suggest import listing
from features.vocabulary import Vocabulary

_FILE = "encoder.json"
_AGAIN = "Prepare or export again."


class _Saved(BaseModel):
    """encoder.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1]
    schema_: Schema = Field(alias="schema")
    states: dict[str, dict[str, Any]]
    vocabularies: dict[str, Annotated[str, Field(pattern=r"^vocabulary-[0-9]+\.arrow$")]]
    fingerprint: str


class Encoder:
    """A schema with what was learned for it.

    Args:
        schema: the declaration.
        states: JSON state by statistic key.
        vocabularies: vocabulary by statistic key.
    """

    def __init__(
        self,
        schema: Schema,
        states: Mapping[str, Any],
        vocabularies: Mapping[str, Vocabulary],
    ) -> None:
        self.schema = schema
        self.states = dict(states)
        self.vocabularies = dict(vocabularies)
        self._columns, self._wanted = schema.columns, frozenset(schema.columns)
        self._expressions: dict[tuple[pl.DataType, ...], list[pl.Expr]] = {}

    def _state(self, key: str) -> Any:
        return self.vocabularies[key] if key in self.vocabularies else self.states[key]

    @cached_property
    def layout(self) -> Layout:
        return Layout(
            fields=tuple(
                feature.field(self._state(feature.key)) for feature in self.schema.features
            ),
            vocabularies={key: known.rows for key, known in self.vocabularies.items()},
        )

    def expressions(self, dtypes: Mapping[str, pl.DataType]) -> list[pl.Expr]:
        """One expression a feature, for raw frames with these dtypes; built once per dtypes.

        Raises SchemaError for a column that is missing or cannot be read as declared.
        """
        if not dtypes.keys() >= self._wanted:
            self.schema.check(dtypes)
        signature = tuple(dtypes[column] for column in self._columns)
        known = self._expressions.get(signature)
        if known is None:
            known = [
                feature.encode(dtypes[feature.column], self._state(feature.key))
                for feature in self.schema.features
            ]
            if len(self._expressions) < 64:  # a client could send endless dtype combinations
                self._expressions[signature] = known
        return known

    def encode(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Encoded columns, named as the features: Int32, Float32 or List(Int32), no nulls."""
        try:
            expressions = self.expressions(frame.schema)
        except SchemaError:
            frame = untyped(frame)
            expressions = self.expressions(frame.schema)
        try:
            return frame.select(expressions)
        except pl.exceptions.PolarsError as error:
            raise SchemaError(f"The rows could not be encoded: {error}") from error

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the schema, the states and every vocabulary."""
        parts = {
            "schema": self.schema.fingerprint,
            "states": self.states,
            "vocabularies": {key: known.fingerprint for key, known in self.vocabularies.items()},
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def save(self, folder: Path) -> None:
        """Write `encoder.json` and one Arrow file a vocabulary into a new folder."""
        folder.mkdir(parents=True)
        files = {key: f"vocabulary-{i:03d}.arrow" for i, key in enumerate(self.vocabularies)}
        for key, name in files.items():
            self.vocabularies[key].save(folder / name)
        document = {
            "format": 1,
            "schema": self.schema.model_dump(mode="json"),
            "states": self.states,
            "vocabularies": files,
            "fingerprint": self.fingerprint,
        }
        write_json(folder / _FILE, document)

    @classmethod
    def load(cls, folder: Path) -> Encoder:
        """Raises DataError for a damaged folder, FingerprintError for one that was altered."""
        saved = _read(folder / _FILE)
        known = {key: Vocabulary.load(folder / name) for key, name in saved.vocabularies.items()}
        encoder = cls(saved.schema_, saved.states, known)
        if encoder.fingerprint != saved.fingerprint:
            raise FingerprintError(
                f"The encoder in {folder} must have fingerprint {saved.fingerprint[:12]}; its "
                f"content has {encoder.fingerprint[:12]}: it was altered. {_AGAIN}"
            )
        return encoder


def _read(path: Path) -> _Saved:
    document = read_json(path, made_by=_AGAIN)
    try:
        saved = _Saved.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{path} must be an encoder; at '{where}': {first['msg']}. {_AGAIN}"
        ) from error
    wanted = {feature.key for feature in saved.schema_.features}
    held = {*saved.states, *saved.vocabularies}
    if wanted != held:
        raise DataError(
            f"{path} must hold what was learned for {listing(sorted(wanted))}; it holds "
            f"{listing(sorted(held))}. {_AGAIN}"
        )
    return saved
