"""An encoder's vocabularies against a log: the one place here that knows what encoded ids are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features import store
from features.encoder import Encoder
from features.index import MISSING, UNSEEN
from features.layout import IdField
from features.statistics import Statistic

_FILE = "encoder.json"


@dataclass(frozen=True)
class Lookup:
    """Of an id feature: `rows`, those `missing`; of the `values` in the others, those `unseen`."""

    rows: int
    missing: int
    values: int
    unseen: int


@dataclass(frozen=True)
class Lookups(Statistic):
    """By feature; of sequences, the values are elements, and missing rows are empty lists."""

    features: dict[str, Lookup]

    @classmethod
    def of(cls, frame: pl.DataFrame, encoder: Encoder) -> Lookups:
        """Raises SchemaError where a column cannot be read as declared; absent ones are missing."""
        absent = [name for name in encoder.schema.columns if name not in frame.columns]
        encoded = encoder.encode(frame.with_columns(pl.lit(None).alias(name) for name in absent))
        layout = encoder.layout
        return cls(
            {
                field.name: _lookup(encoded[field.name], flat=isinstance(field, IdField))
                for field in (*layout.ids, *layout.sequences)
            }
        )

    def merge(self, other: Lookups) -> Lookups:
        return Lookups(
            {name: _sum(one, other.features[name]) for name, one in self.features.items()}
        )


def find_encoder(path: Path) -> Encoder | None:
    """The encoder of a run, a bundle, or a folder of its own; None where `path` is data.

    Raises DataError, FingerprintError where it is damaged.
    """
    for folder in (path, path / "encoder"):
        if (folder / _FILE).is_file():
            return store.load(folder)
    return None


def _lookup(codes: pl.Series, *, flat: bool) -> Lookup:
    if flat:
        missing = int((codes == MISSING).sum())
        return Lookup(len(codes), missing, len(codes) - missing, int((codes == UNSEEN).sum()))
    elements = codes.explode(empty_as_null=False)
    empty = int((codes.list.len() == 0).sum())
    return Lookup(len(codes), empty, len(elements), int((elements == UNSEEN).sum()))


def _sum(a: Lookup, b: Lookup) -> Lookup:
    return Lookup(a.rows + b.rows, a.missing + b.missing, a.values + b.values, a.unseen + b.unseen)
