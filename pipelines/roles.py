"""The columns that are not features: label, weight, query, position, propensity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from features.dataset.dataset import LABEL, POSITION, PROPENSITY, TASK, WEIGHT, role_column
from features.errors import DataError
from features.schema import Schema

CHAINED = "esmm"  # the family whose further labels are those of clicked rows


def role_columns(
    raw: pl.DataFrame,
    schema: Schema,
    *,
    binary: bool,
    chained: bool = False,
    importance: pl.Series | None = None,
) -> list[pl.Series]:
    """The role columns of an encoded dataset, from raw rows.

    `importance` (rows,) multiplies the weights, which are 1 where none are declared. A further
    label stays null where it was not observed. Where labels are `chained`, a further one is 1 only
    in rows whose label is 1, and 0 in the others, observed or not.

    Raises:
        DataError: a value is missing, is not a number where one is needed, or is a label that
            the model cannot learn from.
    """
    roles = {role_column(role): _role(raw, schema, role, binary) for role in schema.roles}
    if chained:
        clicked = roles[LABEL] > 0
        none = pl.zeros(raw.height, pl.Float32, eager=True)
        tasks = {name: one for name, one in roles.items() if name.startswith(role_column(TASK))}
        roles |= {name: one.zip_with(clicked, none) for name, one in tasks.items()}
    if importance is not None:
        weight = importance * roles[WEIGHT] if WEIGHT in roles else importance
        roles[WEIGHT] = weight.cast(pl.Float32)
    return [column.alias(name) for name, column in roles.items()]


def chained(model: Any) -> bool:
    """Whether a model, declared or as its JSON, learns further labels through the first."""
    kind = model.get("type") if isinstance(model, Mapping) else getattr(model, "type", None)
    return kind == CHAINED


def labels(raw: pl.DataFrame, schema: Schema, *, binary: bool) -> pl.Series:
    """The labels of raw rows, Float32. Raises DataError as `role_columns` does."""
    return _role(raw, schema, "label", binary)


def _role(raw: pl.DataFrame, schema: Schema, role: str, binary: bool) -> pl.Series:
    column, name = schema.roles[role], role_column(role)
    values = raw[column]
    if role.startswith(TASK):
        values = _numbers(values, "label").cast(pl.Float32)
        _check_label(values, column, binary=True)
        return values
    if values.null_count():
        raise DataError(
            f"Every row must have a {role}; column '{column}' misses {values.null_count()} of "
            f"{raw.height} rows. Fill or remove them."
        )
    if name in (LABEL, WEIGHT, PROPENSITY):
        values = _numbers(values, role).cast(pl.Float32)
    elif name == POSITION:
        values = _integers(values, role)
    elif not values.dtype.is_integer() or values.dtype == pl.UInt64:
        values = values.cast(pl.String)
    else:
        values = values.cast(pl.Int64)
    if name == LABEL:
        _check_label(values, column, binary=binary)
    if name == WEIGHT and not (values > 0).all():
        raise DataError(f"Weights must be positive; column '{column}' holds others.")
    if name == PROPENSITY:
        _check_propensity(values, column)
    return values


def _numbers(values: pl.Series, role: str) -> pl.Series:
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        raise DataError(
            f"The {role} must hold numbers; column '{values.name}' holds {values.dtype}. "
            "Convert it, or declare another column."
        )
    numbers = values.cast(pl.Float64)
    if not numbers.is_finite().all():  # which leaves nulls out
        raise DataError(f"The {role} must hold finite numbers; column '{values.name}' does not.")
    return numbers


def _integers(values: pl.Series, role: str) -> pl.Series:
    numbers = _numbers(values, role)
    if not (numbers == numbers.round()).all():
        raise DataError(f"The {role} must hold whole numbers; column '{values.name}' holds others.")
    return numbers.cast(pl.Int64)


def _check_propensity(values: pl.Series, column: str) -> None:
    fits = (values > 0) & (values <= 1)
    if not fits.all():
        raise DataError(
            "Propensities, of what was shown, must be above 0 and at most 1; column "
            f"'{column}' holds {values.filter(~fits)[0]:g}. Log the probability that the policy "
            "gave the row."
        )


def _check_label(values: pl.Series, column: str, *, binary: bool) -> None:
    fits = values.is_in([0.0, 1.0]) if binary else values >= 0
    if not fits.all():
        wanted = "0 or 1 for a CTR model" if binary else "at least 0"
        raise DataError(
            f"Labels must be {wanted}; column '{column}' holds {values.filter(~fits)[0]:g}. "
            "Map it first, or declare another label."
        )
