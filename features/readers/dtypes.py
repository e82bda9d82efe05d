"""The dtype names that a configuration may use for a column of text."""

from collections.abc import Mapping

import polars as pl
import pyarrow as pa

from features.errors import ConfigError
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


def arrow_type(column: str, name: str) -> pa.DataType:
    """Return the Arrow type called `name`; raise ConfigError where there is none."""
    if name not in ARROW_TYPES:
        raise ConfigError(
            f"dtypes[{column!r}] must be one of {', '.join(ARROW_TYPES)}; got {name!r}."
            f"{nearest(name, ARROW_TYPES)}"
        )
    return ARROW_TYPES[name]


def polars_schema(types: Mapping[str, pa.DataType]) -> dict[str, pl.DataType]:
    """Return the dtypes that columns of these Arrow types have once `plain` has read them."""
    empty = pa.schema(list(types.items())).empty_table()
    return dict(plain(empty).schema)


def plain(table: pa.Table | pa.RecordBatch) -> pl.DataFrame:
    """Return `table` as a frame, dictionaries decoded: categories differ from file to file."""
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame)
    frame.columns = table.schema.names  # from_arrow renames the unnamed, such as pandas' index
    coded = [name for name, dtype in frame.schema.items() if dtype in (pl.Categorical, pl.Enum)]
    return frame.with_columns(pl.col(coded).cast(pl.String)) if coded else frame
