"""What a map holds for a key, such as a user's clicks in the item's category."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import polars as pl

from features.derived.derived import Derived, Name
from features.derived.dtype import instance
from features.derived.number import number
from features.errors import SchemaError
from features.transforms.text import canonical
from features.want import Want

_KEY, _VALUE = pl.element().struct.field("key"), pl.element().struct.field("value")


class Lookup(Derived):
    """The value that the map of `column` holds for the id of `key`; missing where it has none.

    A map is a map or a list of (key, value) as Parquet gives them, or a struct whose fields are
    the keys. Of equal keys the last counts. `value` says whether it is read as a number or an id.

        [[derived]]
        type = "lookup"
        name = "user_clicks_in_category"
        column = "user_category_clicks"
        key = "item_category"
    """

    type: Literal["lookup"] = "lookup"
    column: Name
    key: Name
    value: Literal["number", "id"] = "number"

    @property
    def wants(self) -> dict[str, Want]:
        return {self.column: "map", self.key: "id"}

    def expression(self, dtypes: Mapping[str, pl.DataType]) -> pl.Expr:
        key = canonical(pl.col(self.key), self.dtype(self.key, dtypes), self.key)
        column, dtype = pl.col(self.column), self.dtype(self.column, dtypes)
        if dtype in (pl.Null, pl.List(pl.Null)):  # there is no value, or no map holds a key
            dtype = pl.List(pl.Struct({"key": pl.String, "value": pl.Null}))
            column = column.cast(dtype)
        if isinstance(dtype, pl.Struct):
            return self._field(dtype, key)
        entries = column.map.entries() if isinstance(dtype, pl.Map) else column
        key_dtype, value_dtype = self._entry(dtype)
        entry = pl.struct(
            canonical(_KEY, key_dtype, self.column).alias("key"),
            self._read(_VALUE, value_dtype).alias("value"),
        )
        known = entries.list.eval(entry).list.filter(_KEY.is_not_null())
        return known.list.to_map().map.get(key)

    def _entry(self, dtype: pl.DataType) -> tuple[pl.DataType, pl.DataType]:
        """Dtypes of the keys and the values."""
        if isinstance(dtype, pl.Map):
            return instance(dtype.key), instance(dtype.value)
        inner = instance(dtype.inner) if isinstance(dtype, pl.List) else None
        fields = inner.to_schema() if isinstance(inner, pl.Struct) else {}
        if fields.keys() != {"key", "value"}:
            raise SchemaError(
                f"Column '{self.column}' must hold maps: objects, or lists of key and value; it "
                f"holds {dtype}. Write it as a map, or as one column a key."
            )
        return instance(fields["key"]), instance(fields["value"])

    def _read(self, value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
        read = number if self.value == "number" else canonical
        return read(value, dtype, self.column)

    def _field(self, dtype: pl.Struct, key: pl.Expr) -> pl.Expr:
        struct = pl.col(self.column).struct
        found = [
            pl.when(key == name).then(self._read(struct.field(name), instance(inner)))
            for name, inner in dtype.to_schema().items()
        ]
        nothing = pl.lit(None, pl.Float64 if self.value == "number" else pl.String)
        return pl.coalesce(*found, pl.when(key.is_null()).then(nothing))
