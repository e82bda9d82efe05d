"""A click log over judged documents whose examination is known, some of it shuffled."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import xgboost as xgb

from ranking.clicks.pages import Pages, Variant
from ranking.clicks.traffic import sessions
from ranking.clicks.users import relevance, user

QUERIES, DOCUMENTS, DEPTH = 60, 12, 6

CONFIG = """
name = "clicks"

[data]
paths = "log.parquet"
label = "click"
query = "session"
position = "position"
split = { type = "hash", column = "query", train = 0.6, valid = 0.2, test = 0.2 }

[[features]]
type = "numeric"
columns = "f1..f3"
scale = "none"

[ranker]
unbiased = false
rounds = 30
patience = 10
max_depth = 3
metric = "nDCG@5"

[bias]
item = ["query", "document"]
random = "shuffled"
ranker = "logger"
depth = 6
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine threads that wait for each other take seconds over small data."""
    with xgb.config_context(nthread=1):
        yield


@pytest.fixture(scope="session")
def clicks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a configuration and its log: eta 1, by two loggers that know little."""
    random = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("clicks")
    rows = QUERIES * DOCUMENTS
    matrix = random.normal(size=(rows, 3)).astype(np.float32)
    grade = np.clip(np.rint(matrix[:, 0] + matrix[:, 1]), 0, 2).astype(np.int64)
    loggers = np.array([[1.0, 0.3], [0.5, 0.8]]) @ matrix[:, [2, 0]].T
    sizes = np.full(QUERIES, DOCUMENTS)
    pages = Pages.of(loggers.astype(np.float64), sizes, DEPTH, 0.3, 0.0)
    users = user("pbm", 1.0, DEPTH)
    parts = []
    for shown in sessions(pages, relevance(grade, 0.1, 2.0), users, 40, random):
        columns = {
            "session": shown.session,
            "query": shown.query,
            "document": shown.row,
            "position": shown.lists.position,
            "click": shown.click.astype(np.int8),
            "shuffled": shown.variant == Variant.shuffle,
            "logger": np.array(["old", "new"])[shown.logger],
            "user": shown.query % 12,
            "chance": shown.propensity,
        } | {f"rank_{name}": pages.rank[i, shown.row] for i, name in enumerate(("old", "new"))}
        features = {f"f{i}": matrix[shown.row, i - 1] for i in (1, 2, 3)}
        parts.append(pl.DataFrame(columns | features))
    pl.concat(parts).write_parquet(folder / "log.parquet")
    (folder / "clicks.toml").write_text(CONFIG)
    return folder
