"""Each fault of a log is named, and a sound log has none."""

import numpy as np
import polars as pl
import pytest

from features.errors import DataError, SchemaError
from ranking.log_check import LogCheck, check_log


def sound(queries: int = 400, depth: int = 5, seed: int = 0) -> pl.DataFrame:
    """Items in random order; those at the top are clicked more."""
    random = np.random.default_rng(seed)
    items = np.argsort(random.random((queries, depth)), 1).ravel()
    position = np.tile(np.arange(depth), queries)
    click = (random.random(queries * depth) < 0.8 / (1 + position)).astype(np.float32)
    query = np.repeat(np.arange(queries), depth)
    return pl.DataFrame({"query": query, "position": position, "click": click, "item": items})


def names(found: LogCheck, level: str) -> set[str]:
    return {one.name for one in found.findings if one.level == level}


def test_a_sound_log_has_neither_errors_nor_warnings() -> None:
    found = check_log(sound())
    assert not names(found, "error") | names(found, "warning")
    assert (found.rows, found.queries, found.positions) == (2_000, 400, 5)
    assert found.overlap == 1
    assert found.can_debias


def test_items_that_have_their_own_place_cannot_be_told_from_it() -> None:
    found = check_log(sound().with_columns(item=pl.col("position")))
    assert "no overlap" in names(found, "error")
    assert found.explained == pytest.approx(1)
    assert not found.can_debias


def test_eta_squared_by_hand() -> None:
    # Item a at 0 and 2 (mean 1), b at 1 and 3 (mean 2); the mean of all is 1.5. Between the items
    # 0.25, in all (2.25 + 0.25 + 0.25 + 2.25) / 4 = 1.25.
    log = pl.DataFrame(
        {
            "query": [0, 0, 1, 1],
            "position": [0, 1, 2, 3],
            "click": [1, 0, 1, 0],
            "item": ["a", "b", "a", "b"],
        }
    )
    found = check_log(log)
    assert found.explained == pytest.approx(0.2)
    assert found.overlap == 1


@pytest.mark.parametrize(
    ("change", "level", "name"),
    [
        (pl.col("position").clip(1), "error", "duplicate positions"),
        (pl.col("position") * 2, "warning", "missing positions"),
        (pl.col("position") - 1, "error", "negative positions"),
        (pl.col("position") + pl.col("query") % 2, "warning", "late start"),
        ((4 - pl.col("position")).alias("position"), "note", "shuffled rows"),
        ((4 - pl.col("position")).alias("position"), "warning", "no fall"),
        (pl.lit(0).alias("position"), "error", "one position"),
        (pl.col("click") * 0, "error", "no clicks"),
        (pl.col("click") * 2, "error", "labels"),
        (pl.col("click") * (pl.col("query") > 390), "warning", "queries without clicks"),
        (pl.col("click") * (pl.col("query") > 350), "warning", "few clicks"),
        (pl.int_range(pl.len()).alias("query"), "error", "single rows"),
        (pl.int_range(pl.len()).alias("item"), "note", "no repeated items"),
        (pl.int_range(pl.len()).mod(7).alias("query"), "warning", "queries apart"),
    ],
)
def test_each_fault_is_named(change: pl.Expr, level: str, name: str) -> None:
    assert name in names(check_log(sound().with_columns(change)), level)


def test_clicks_below_what_is_tracked_are_counted() -> None:
    log = sound()
    found = {one.name: one for one in check_log(log, depth=2).findings}
    below = log.filter(pl.col("position") >= 2)["click"].sum() / log["click"].sum()
    assert found["below the tracked depth"].share == pytest.approx(below)


def test_what_is_no_log_is_refused() -> None:
    with pytest.raises(SchemaError, match="must have a position"):
        check_log(sound().drop("position"))
    with pytest.raises(DataError, match="at least one row"):
        check_log(sound().clear())
    with pytest.raises(DataError, match="5 of 2000 have none"):
        check_log(sound().with_columns(pl.when(pl.col("query") > 0).then("click").alias("click")))
