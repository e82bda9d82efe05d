"""How a raw column of a request is read."""

from __future__ import annotations

from dataclasses import dataclass

from features.schema import Schema
from features.want import Want

_ELEMENTS: dict[Want, Want] = {"ids": "id", "numbers": "number", "map": "map"}


@dataclass(frozen=True)
class Column:
    """How a raw column is read: its elements as `want`, in lists or not; text may be a list
    split at `separator`, and lists of numbers have `dim`."""

    name: str
    want: Want
    listed: bool
    separator: str | None
    dim: int | None

    @property
    def wanted(self) -> str:
        """What a value must be, in words."""
        return "objects, or null" if self.want == "map" else f"lists of {self.want}s, or null"

    @classmethod
    def plain(cls, name: str, want: Want) -> Column:
        """One that no feature reads."""
        listed = want in _ELEMENTS
        return cls(name, _ELEMENTS.get(want, want), listed, separator=None, dim=None)

    @classmethod
    def of(cls, schema: Schema, name: str) -> Column:
        want = schema.wants[name]
        readers = [feature for feature in schema.transforms if feature.column == name]
        dims = [getattr(feature, "dim", None) for feature in readers]
        separators = {getattr(feature, "separator", None) for feature in readers}
        return cls(
            name,
            want=_ELEMENTS.get(want, want),
            listed=want in _ELEMENTS,
            separator=separators.pop() if want == "ids" and len(separators) == 1 else None,
            dim=next((dim for dim in dims if dim is not None), None),
        )
