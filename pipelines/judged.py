"""judged: what a ranking showed, joined to what people judged, as trec_eval joins them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from features.errors import DataError
from features.readers.open import FORMATS, open_source
from pipelines.scoring import RANK

_KEY = ["query", "item"]


@dataclass(frozen=True)
class Judged:
    """Rows `label`, `query`, `item`, `score`, and counts of what did not meet.

    Every shown item of a judged query is a row, label 0 where nobody judged it; every judged item
    that was not shown is one too, of score -inf: it takes no rank, yet the ideal and recall know
    of it. `unjudged` counts shown items without a judgement; `unshown` relevant items not shown;
    `unknown` queries of the run without judgements, which are left out; `unanswered` judged
    queries that the run lacks, which count as empty lists.
    """

    rows: pl.DataFrame
    unjudged: int
    unshown: int
    unknown: int
    unanswered: int


def judged_files(
    run: str, qrels: str, format: str | None = None
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Rows of a run's file, scored as `rank`, joined to a file of qrels; and what did not meet.

    TREC text where their names do not say otherwise. Raises DataError as `judged`, and where a
    file cannot be read or lacks the columns.
    """
    found = judged(
        _read(run, format or _format(run, "trec_run"), "score"),
        _read(qrels, _format(qrels, "trec_qrels"), "label"),
    )
    return found.rows.rename({"score": RANK}), {
        "items without a judgement count as grade 0": found.unjudged,
        "relevant items were not retrieved": found.unshown,
        "queries without judgements are left out": found.unknown,
        "judged queries without an answer count as empty lists": found.unanswered,
    }


def _format(path: str, otherwise: str) -> str:
    told = [name for name, one in FORMATS.items() if path.lower().endswith(one.extensions)]
    return told[0] if told else otherwise


def _read(path: str, format: str, number: str) -> pl.DataFrame:
    batches = open_source(path, format, Path.cwd()).batches([*_KEY, number])
    return pl.concat(list(batches)).with_columns(pl.col(_KEY).cast(pl.String))


def judged(run: pl.DataFrame, qrels: pl.DataFrame, every: bool = True) -> Judged:
    """Join a run (`query`, `item`, `score`) to qrels (`query`, `item`, `label`).

    `every` keeps the judged queries that the run does not answer (trec_eval's -c), else they are
    left out too. Labels below 0 are 0, as those of unjudged items.
    Raises DataError where an item comes twice in a query, or no query of the run was judged.
    """
    for name, frame in (("run", run), ("qrels", qrels)):
        _refuse_repeats(name, frame)
    known = run.join(qrels.select("query").unique(), on="query", how="semi")
    if known.is_empty():
        raise DataError(
            f"The run and the qrels must share queries; they share none of "
            f"{run['query'].n_unique()} and {qrels['query'].n_unique()}, such as "
            f"{run['query'][0]!r} and {qrels['query'][0]!r}; check that they belong together."
        )
    answered = qrels.join(known.select("query").unique(), on="query", how="semi")
    label = pl.col("label").fill_null(0).clip(lower_bound=0)
    rows = known.join(qrels if every else answered, on=_KEY, how="full", coalesce=True)
    return Judged(
        rows=rows.select(label, *_KEY, pl.col("score").fill_null(float("-inf"))),
        unjudged=rows["label"].null_count(),
        unshown=rows.filter(pl.col("score").is_null() & (pl.col("label") > 0)).height,
        unknown=run["query"].n_unique() - known["query"].n_unique(),
        unanswered=qrels["query"].n_unique() - answered["query"].n_unique(),
    )


def _refuse_repeats(name: str, frame: pl.DataFrame) -> None:
    repeats = frame.filter(frame.select(_KEY).is_duplicated())
    if repeats.height:
        raise DataError(
            f"An item must come once in a query of the {name}; {repeats.height} rows repeat one, "
            f"first item {repeats['item'][0]!r} of query {repeats['query'][0]!r}; remove them."
        )
