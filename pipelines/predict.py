"""Batch scoring: a bundle over raw rows, streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from features.errors import ConfigError, SchemaError
from features.readers.source import Source
from features.suggest import listing, nearest
from pipelines.scoring import PROBABILITY, RANK, TASK_PROBABILITY
from serving.scorer import Scorer


def scored(scorer: Scorer, source: Source, keep: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
    """The kept columns of each row, and its scores as `scores_of` names them.

    Raises:
        SchemaError: a column that a feature reads, or one to keep, is absent.
    """
    schema = scorer.encoder.schema
    schema.check(source.schema)
    for column in keep:
        if column not in source.schema:
            raise SchemaError(
                f"Column '{column}', to keep, must be in the data; it holds "
                f"{listing(source.schema)}.{nearest(column, source.schema)}"
            )
    columns = list(dict.fromkeys([*schema.columns, *keep]))
    for raw in source.coded(schema.coded.difference(keep)).ahead(columns, 65_536):
        yield pl.concat([raw.select(keep), scores_of(scorer, raw)], how="horizontal")


def scores_of(scorer: Scorer, raw: pl.DataFrame) -> pl.DataFrame:
    """`probability` (with a CTR model), that of each further task, and `rank` of raw rows."""
    scores = scorer.score(raw)
    known = {} if scores.probability is None else {PROBABILITY: scores.probability}
    tasks = {TASK_PROBABILITY + name: one for name, one in scores.tasks.items()}
    return pl.DataFrame({**known, **tasks, RANK: scores.rank})


def predict(
    scorer: Scorer,
    source: Source,
    out: Path,
    keep: Sequence[str],
    report: Callable[[str, int, int], None],
) -> int:
    """Write the scores of every row, in order, to a Parquet file; returns the rows written.

    The file appears under its name only when it is whole.
    """
    if out.suffix != ".parquet":
        raise ConfigError(f"Scores are written as Parquet; name the file *.parquet, not '{out}'.")
    out.parent.mkdir(parents=True, exist_ok=True)
    work = out.with_name(f".{out.name}.partial")
    total, done = source.count(), 0
    writer: pq.ParquetWriter | None = None
    try:
        for frame in scored(scorer, source, keep):
            table = frame.to_arrow()
            writer = writer or pq.ParquetWriter(work, table.schema)
            writer.write_table(table)
            done += frame.height
            report("predict", done, total)
        if writer is not None:
            writer.close()
            work.rename(out)
    finally:
        if writer is not None:
            writer.close()
        work.unlink(missing_ok=True)
    return done
