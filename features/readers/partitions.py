"""Hive partitions: columns that the names of folders hold, as in log/date=2024-01-01/a.parquet."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from features.errors import DataError, SchemaError
from features.readers.location import NEAR, Location

_NULL = "__HIVE_DEFAULT_PARTITION__"
# Written as str(int) writes it: "07" is text, so that its zero reaches the features.
_WHOLE = r"^(0|-?[1-9]\d*)$"

Keys = dict[str, str | None]


def partitioned(files: Sequence[Location], base: Path, hive: bool | None) -> tuple[Location, ...]:
    """Return `files` with the values that their folders hold as their `partition`.

    Each folder `key=value` of a path (below `base`, where the file is) gives a column: Int64
    where every value of it is a whole number, else String; `__HIVE_DEFAULT_PARTITION__` is
    null. Where `hive` is None, files that do not share their keys have no partitions.

    Raises DataError where `hive` is true and the files do not share their keys.
    """
    if hive is False:
        return tuple(files)
    keys = [_keys(file, base) for file in files]
    other = next((at for at, one in enumerate(keys) if list(one) != list(keys[0])), None)
    if hive and (other is not None or not keys[0]):
        where, found = files[other or 0], keys[other or 0]
        raise DataError(
            f"hive = true needs files whose folders have the same keys; {files[0]} has "
            f"{', '.join(keys[0]) or 'none'}, {where} has {', '.join(found) or 'none'}. Move the "
            "files, or set hive = false."
        )
    if other is not None or not keys[0]:
        return tuple(files)
    values = pl.DataFrame(keys, schema=dict.fromkeys(keys[0], pl.String()))
    typed = values.select(_typed(column) for column in values)
    return tuple(replace(file, partition=typed[at]) for at, file in enumerate(files))


def added(file: Location, own: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """Return the columns that the folders add to the columns `own` of `file` itself.

    A column that the file holds too is the file's. Raises SchemaError where its dtype could
    not hold what the folder says.
    """
    for name in set(file.partition.columns) & set(own):
        value = file.partition[name].cast(pl.String)
        if not _could_be(value, own[name]):
            raise SchemaError(
                f"{file} holds column {name!r} as {own[name]}, but lies in a folder {name}="
                f"{value[0]}; the two must agree: rename one, or set hive = false."
            )
    return {name: dtype for name, dtype in file.partition.schema.items() if name not in own}


def _could_be(text: pl.Series, dtype: pl.DataType) -> bool:
    if dtype.is_numeric():
        return text.cast(dtype, strict=False).null_count() == text.null_count()
    # A time, a truth value: there are too many ways to write them in a name.
    return dtype.is_temporal() or dtype in (pl.String, pl.Boolean)


def _keys(file: Location, base: Path) -> Keys:
    path = Path(file.path)
    if file.filesystem is NEAR and path.is_relative_to(base):
        path = path.relative_to(base)
    found: Keys = {}
    for folder in path.parts[:-1]:
        key, equals, value = folder.partition("=")
        if equals and key:
            found[unquote(key)] = None if value == _NULL else unquote(value)
    return found


def _typed(column: pl.Series) -> pl.Series:
    some = column.drop_nulls()
    whole = some.cast(pl.Int64, strict=False)
    fits = len(some) > 0 and some.str.contains(_WHOLE).all() and whole.null_count() == 0
    return column.cast(pl.Int64) if fits else column
