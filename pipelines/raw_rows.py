"""Raw columns of the log, beside the rows that a run prepared from it."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from polars.testing import assert_series_equal

from features.dataset.dataset import role_column
from features.errors import FingerprintError
from pipelines.division import Division
from pipelines.prepare import fingerprint
from pipelines.roles import chained, role_columns
from pipelines.run import Run


def raw_rows(run: Run, part: str, columns: Sequence[str], prepared: pl.DataFrame) -> pl.DataFrame:
    """Raw `columns` of a part's rows, in the order of the `prepared` ones, which hold their roles.

    The log is divided again, as it was when it was prepared, and must give the same rows: their
    roles are compared value by value.

    Raises:
        FingerprintError: the log, or what it is divided into, has changed.
        SchemaError: a column is absent.
    """
    config = run.config
    division = Division(config)
    if fingerprint(division.identity) != run.about["data"]:
        raise _changed(run, "its files are others by name, size or content")
    schema = config.schema_
    read = list(dict.fromkeys([*columns, *schema.roles.values()]))
    frames, roles = [], []
    for piece in division.pieces(read):
        if piece.part != part:
            continue
        frames.append(piece.rows.select(columns))
        checked, _ = schema.checks.of(schema.roles.values()).apply(piece.rows)
        of = role_columns(
            checked,
            schema,
            binary=config.model is not None,
            chained=bool(config.data.tasks) and chained(config.model),
            importance=piece.importance,
        )
        roles.append(pl.DataFrame(of))
    _require_same(run, pl.concat(roles) if roles else pl.DataFrame(), prepared)
    return pl.concat(frames)


def _require_same(run: Run, roles: pl.DataFrame, prepared: pl.DataFrame) -> None:
    if roles.height != prepared.height:
        raise _changed(run, f"it gives {roles.height} rows where {prepared.height} were prepared")
    for name in roles.columns:
        role = name.removeprefix(role_column(""))
        try:
            assert_series_equal(roles[name], prepared[role], check_names=False, check_exact=True)
        except AssertionError:
            raise _changed(run, f"rows have another {role} than those prepared") from None


def _changed(run: Run, what: str) -> FingerprintError:
    return FingerprintError(
        f"Raw columns can be found beside the rows of {run.folder} only in the log that it was "
        f"prepared from; {what}. Prepare and train again, or evaluate without these columns."
    )
