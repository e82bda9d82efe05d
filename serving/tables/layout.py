"""TableLayout: which rows of a table are stored how."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from serving.tables.storage import Storage, row_bytes


class Range(BaseModel):
    """Rows that follow each other; without a storage they are zeros."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int = Field(ge=1, lt=1 << 31)
    storage: Storage | None


class TableLayout(BaseModel):
    """The ranges of a table of `rows` rows of `dim` weights, one after the other.

    Of a `pruned` table, they are ranges of the rows that are kept, and a bit a row says which.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int = Field(ge=1, lt=1 << 31)
    dim: int = Field(ge=1, le=65_536)
    ranges: tuple[Range, ...] = Field(max_length=1 << 16)
    pruned: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kept > self.rows or (not self.pruned and self.kept < self.rows):
            raise ValueError(f"the ranges hold {self.kept} of {self.rows} rows")
        return self

    @classmethod
    def uniform(cls, rows: int, dim: int, storage: Storage) -> TableLayout:
        """All rows in one storage, or in float16 where that is smaller."""
        if row_bytes("float16", dim) <= row_bytes(storage, dim):
            storage = "float16" if storage not in ("float32", "bfloat16") else storage
        return cls(rows=rows, dim=dim, ranges=(Range(rows=rows, storage=storage),))

    @property
    def kept(self) -> int:
        """How many rows the ranges hold."""
        return sum(one.rows for one in self.ranges)

    def rows_of(self, storage: Storage) -> int:
        return sum(one.rows for one in self.ranges if one.storage == storage)

    @property
    def storages(self) -> tuple[Storage, ...]:
        """Those in use, in the order of their first rows."""
        return tuple(dict.fromkeys(one.storage for one in self.ranges if one.storage))

    @property
    def bytes(self) -> int:
        """Of all rows, and of the bits that say which are kept."""
        rows = sum(self.rows_of(one) * row_bytes(one, self.dim) for one in self.storages)
        return rows + 8 * -(-self.rows // 64) * self.pruned
