from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.splits.column import ByColumn
from pipelines.splits.hash import ByHash
from pipelines.splits.order import ByOrder
from pipelines.splits.time import ByTime

ROWS = 600
ANY = np.random.default_rng(1).integers(0, 90, ROWS)
QUERY = np.arange(ROWS) // 6
PLACE = np.arange(ROWS) % 6
EPOCH = 1_700_000_000_000 + np.arange(ROWS)[::-1] * 1000


@pytest.mark.parametrize(
    ("columns", "split", "roles"),
    [
        ({"ts": EPOCH}, ByTime(column="ts"), {}),
        ({"seen": pl.Series(EPOCH).cast(pl.Datetime("ms"))}, ByTime(column="seen"), {}),
        ({"ts": range(ROWS)}, ByTime(column="ts"), {}),
        ({"birth_date": pl.Series(EPOCH).cast(pl.Datetime("ms"))}, ByOrder(), {}),
        ({"user_id": ANY}, ByHash(column="user_id"), {}),
        (
            {"qid": QUERY, "user_id": ANY},
            ByHash(column="qid", train=0.7, ranker=0.1),
            {"query": "qid"},
        ),
        ({"qid": ANY}, ByOrder(), {}),  # its rows do not stand together
        (
            {"session_id": QUERY // 10, "search_id": QUERY, "pos": PLACE},
            ByHash(column="search_id", train=0.7, ranker=0.1),
            {"query": "search_id", "position": "pos"},
        ),
        (
            {"query_id": QUERY // 10, "session": QUERY, "rank": PLACE},
            ByHash(column="session", train=0.7, ranker=0.1),
            {"query": "session", "position": "rank"},
        ),
        (
            {"qid": QUERY, "split": np.array(["train", "valid", "test"])[QUERY % 3]},
            ByColumn(column="split"),
            {"query": "qid"},
        ),
    ],
)
def test_split_and_roles(
    configured: Any, columns: dict[str, Any], split: Any, roles: dict[str, str]
) -> None:
    config = configured(columns)
    assert config.data.split == split
    assert config.schema_.roles == {"label": "click"} | roles
    ranked = "query" in roles and not isinstance(split, ByColumn)
    assert (config.ranker is not None) == ranked
    if config.ranker is not None:
        assert config.ranker.unbiased == ("position" in roles)
    assert not set(roles.values()) & set(config.schema_.columns)


def test_split_gives_each_part_both_labels(configured: Any) -> None:
    click = np.arange(ROWS) >= ROWS / 2  # the last to come are all clicks
    config = configured({"ts": range(ROWS), "user_id": ANY, "click": click})
    assert config.data.split == ByHash(column="user_id")
    assert "ts" not in config.schema_.columns


def test_split_that_cannot_serve_says_so(guessed: Any) -> None:
    found = guessed({"click": np.arange(ROWS) >= ROWS / 2})
    assert found.split == ByOrder()
    assert "valid gets not both labels" in found.split_why
