"""The same rows of several targets: joined by key columns, or in order where these agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from features.errors import DataError
from features.suggest import listing
from features.transforms.text import canonical
from pipelines.evaluation.usable import Missing, lacking

_EXAMPLES = 3
_KEY = "__key"
_ROLES = ("label", "query", "weight", "position")  # which rows in the same order share


def in_order(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The same frames, whose rows are the same ones as far as their roles tell.

    Raises DataError where their numbers, or the roles that both have, differ.
    """
    (name, first), *others = frames.items()
    for other, frame in others:
        if frame.height != first.height:
            raise _differ(f"{name} has {first.height} rows and {other} {frame.height}")
        for role in _ROLES:
            if role not in first.columns or role not in frame.columns:
                continue
            one, two = (_comparable(each[role]) for each in (first, frame))
            if apart := int(one.ne_missing(two).sum()):
                row = one.ne_missing(two).arg_true()[0]
                raise _differ(
                    f"in {apart} of {first.height} rows {name} and {other} have another {role}, "
                    f"first in row {row} with {one[row]} and {two[row]}"
                )
    return dict(frames)


def joined(
    frames: Mapping[str, pl.DataFrame], keys: Sequence[str], missing: Missing
) -> tuple[dict[str, pl.DataFrame], dict[str, int]]:
    """The rows of every frame in the order of the first, by their keys, whatever type these have;
    and how many rows of each have no pair.

    Raises:
        DataError: keys are missing or not unique, rows have no pair and are not to be dropped, or
            the labels of a pair differ.
    """
    known = {name: _keyed(name, frame, keys) for name, frame in frames.items()}
    shared = None
    for frame in known.values():
        column = frame.select(_KEY)
        shared = (
            column
            if shared is None
            else shared.join(column, on=_KEY, how="semi", maintain_order="left")
        )
    assert shared is not None
    alone: dict[str, int] = {}
    for name, frame in known.items():
        rest = frame.join(shared, on=_KEY, how="anti", maintain_order="left")
        if rest.height and missing == "refuse":
            ids = [str(row) for row in rest.select(keys).head(_EXAMPLES).rows()]
            raise DataError(
                f"Every row must have a pair by {', '.join(keys)}; {rest.height} of "
                f"{frame.height} rows of {name} have none, first {listing(ids)}. Mend them, or "
                "leave them out and counted with --missing drop."
            )
        if rest.height:
            alone[f"pair of {name}"] = rest.height
    if shared.is_empty():
        raise DataError(f"Rows must join by {', '.join(keys)}; none does. Name other keys.")
    pairs = {
        name: shared.join(frame, on=_KEY, how="left", maintain_order="left").drop(_KEY)
        for name, frame in known.items()
    }
    _require_same_labels(pairs)
    return pairs, alone


def complete(
    frames: Mapping[str, pl.DataFrame], missing: Missing, groups: Sequence[str]
) -> tuple[dict[str, pl.DataFrame], dict[str, int]]:
    """Without the rows where any of the frames lacks a label, score or group; and how many lack
    what. Raises DataError where some do and are not to be dropped, and where none is left."""
    counts: dict[str, int] = {}
    height = next(iter(frames.values())).height
    keep = np.ones(height, dtype=np.bool_)
    for name, frame in frames.items():
        for column, empty in lacking(frame, groups).items():
            counts[f"{column} in {name}"] = int(empty.sum())
            keep &= ~empty.to_numpy()
            if missing == "refuse":
                raise DataError(
                    f"Every row must have a {column}; {int(empty.sum())} of {height} of {name} "
                    f"have null or NaN, first row {empty.arg_true()[0]}. Mend them, or leave them "
                    "out and counted with --missing drop."
                )
    if not keep.any():
        raise DataError("There must be a row that all have scored; there is none.")
    if not counts:
        return dict(frames), counts
    return {name: frame.filter(pl.Series(keep)) for name, frame in frames.items()}, counts


def _keyed(name: str, frame: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """With the keys as one column, of the text that each id has in any type."""
    dtypes = frame.schema
    texts = [canonical(pl.col(key), dtypes[key], key).alias(key) for key in keys]
    found = frame.with_columns(pl.struct(texts).alias(_KEY))
    empty = frame.select(pl.any_horizontal([text.is_null() for text in texts])).to_series()
    if empty.any():
        raise DataError(
            f"Every row must have the keys {', '.join(keys)}; {int(empty.sum())} of {frame.height} "
            f"rows of {name} lack one, first row {empty.arg_true()[0]}."
        )
    twice = found[_KEY].is_duplicated()
    if twice.any():
        ids = found.filter(twice).select(keys).unique(maintain_order=True)
        examples = [str(row) for row in ids.head(_EXAMPLES).rows()]
        raise DataError(
            f"The keys {', '.join(keys)} must be of one row each; {int(twice.sum())} rows of "
            f"{name} share {ids.height} of them, first {listing(examples)}. Add a key, or remove "
            "the duplicates."
        )
    return found


def _require_same_labels(pairs: Mapping[str, pl.DataFrame]) -> None:
    (name, first), *others = pairs.items()
    for other, frame in others:
        one, two = (_comparable(each["label"]) for each in (first, frame))
        if apart := int(one.ne_missing(two).sum()):
            raise DataError(
                f"Rows of the same keys must have the same label; {apart} of {first.height} have "
                f"another in {other} than in {name}. Mend the labels, or name other keys."
            )


def _comparable(values: pl.Series) -> pl.Series:
    """Numbers as Float64, ids as texts, so that a file's types do not matter."""
    if values.dtype == pl.Boolean or values.dtype.is_numeric():
        return values.cast(pl.Float64)
    return pl.select(canonical(pl.lit(values), values.dtype, values.name)).to_series()


def _differ(what: str) -> DataError:
    return DataError(
        f"Without key columns, targets must have scored the same rows in the same order; {what}. "
        "Join them with --on, as --on query,item."
    )
