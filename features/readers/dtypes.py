"""The dtype names that a configuration may use for a column of text."""

from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from features.errors import ConfigError, SchemaError
from features.suggest import nearest

ARROW_TYPES: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint16": pa.uint16(),
    "uint32": pa.uint32(),
    "uint64": pa.uint64(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "string": pa.string(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
}

_DIGITS = 38  # of the widest decimal that Polars holds
_READ_AS = {pa.float16(): pa.float32(), pa.date64(): pa.date32()}
_NEVER = {
    pa.month_day_nano_interval().id,
    pa.list_view(pa.null()).id,
    pa.large_list_view(pa.null()).id,
    pa.run_end_encoded(pa.int32(), pa.null()).id,
    pa.sparse_union([]).id,
    pa.dense_union([]).id,
}


def arrow_type(column: str, name: str) -> pa.DataType:
    """Return the Arrow type called `name`; raise ConfigError where there is none."""
    if name not in ARROW_TYPES:
        raise ConfigError(
            f"dtypes[{column!r}] must be one of {', '.join(ARROW_TYPES)}; got {name!r}."
            f"{nearest(name, ARROW_TYPES)}"
        )
    return ARROW_TYPES[name]


def polars_schema(types: Mapping[str, pa.DataType]) -> dict[str, pl.DataType]:
    """Return the dtypes that columns of these Arrow types have once `plain` has read them.

    Raises SchemaError where a type has no counterpart.
    """
    fields = [(name, readable(name, kind)) for name, kind in types.items()]
    return dict(plain(pa.schema(fields).empty_table()).schema)


def plain(table: pa.Table | pa.RecordBatch) -> pl.DataFrame:
    """Return `table` as a frame of plain dtypes (see `readable`)."""
    fields = [(field.name, readable(field.name, field.type)) for field in table.schema]
    if any(kind != field.type for (_, kind), field in zip(fields, table.schema, strict=True)):
        table = table.cast(pa.schema(fields))
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    frame.columns = table.schema.names  # from_arrow renames the unnamed, such as pandas' index
    return frame


def readable(column: str, kind: pa.DataType) -> pa.DataType:
    """Return the plain Arrow type in which values of `kind` are read.

    Dictionaries are decoded (categories differ from file to file), a map is a list of
    struct(key, value), a wide decimal is narrowed to 128 bits or float64, date64 is a date,
    float16 float32, an extension its storage. Raises SchemaError where there is none.
    """
    is_a = pa.types
    if is_a.is_dictionary(kind):
        return _wide(readable(column, kind.value_type))
    if is_a.is_map(kind):
        pair = [("key", kind.key_type), ("value", kind.item_type)]
        return readable(column, pa.large_list(pa.struct(pair)))
    if is_a.is_list(kind):
        return pa.list_(readable(column, kind.value_type))
    if is_a.is_large_list(kind):
        return pa.large_list(readable(column, kind.value_type))
    if is_a.is_fixed_size_list(kind):
        return pa.list_(readable(column, kind.value_type), kind.list_size)
    if is_a.is_struct(kind):
        return pa.struct([(field.name, readable(column, field.type)) for field in kind])
    if isinstance(kind, pa.BaseExtensionType):
        return readable(column, kind.storage_type)
    if is_a.is_decimal(kind):
        narrow = kind.precision <= _DIGITS
        return pa.decimal128(kind.precision, kind.scale) if narrow else pa.float64()
    if kind.id in _NEVER:
        raise SchemaError(
            f"column {column!r} is of Arrow's type {kind}, which cannot be read here; leave it "
            "out or write it as another type."
        )
    return _READ_AS.get(kind, kind)


def _wide(kind: pa.DataType) -> pa.DataType:
    # A short dictionary may stand for more text than 32-bit offsets reach.
    return pa.large_string() if pa.types.is_string(kind) else kind
