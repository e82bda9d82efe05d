"""A log whose id `noise` says nothing of clicks, and whose number `taste` says all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.config import Config, check_config
from pipelines.run import Run
from pipelines.train import train

QUERIES, ROWS = 500, 6
SPLIT = {"type": "column", "column": "part"}


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Report to nobody."""


@pytest.fixture(scope="session")
def raw() -> pl.DataFrame:
    random = np.random.default_rng(3)
    rows = QUERIES * ROWS
    query = np.repeat(np.arange(QUERIES), ROWS)
    taste = random.normal(size=rows)
    part = np.searchsorted([300, 400], query, "right")
    return pl.DataFrame(
        {
            "query": [f"q{one}" for one in query],
            "user": query % 90,
            "position": np.tile(np.arange(ROWS), QUERIES),
            "noise": random.integers(0, 800, rows),
            "item": random.integers(0, 30, rows),
            "history": [list(random.integers(0, 30, size)) for size in random.integers(0, 4, rows)],
            "taste": taste,
            "click": (random.random(rows) < 1 / (1 + np.exp(1 - taste))).astype(np.int8),
            "part": np.array(["train", "valid", "test"])[part],
        }
    )  # fmt: skip


@pytest.fixture
def configured() -> Callable[..., Config]:
    def make(folder: Path, **sections: Any) -> Config:
        data = {"paths": "log.parquet", "label": "click", "query": "query", "position": "position"}
        document = {
            "name": "stacked",
            "data": {**data, "split": SPLIT},
            "features": [
                {"type": "id", "columns": ["noise", "item"]},
                {"type": "sequence", "column": "history", "vocabulary": "item", "max_length": 4},
                {"type": "numeric", "column": "taste"},
            ],
            "model": {"type": "dnn", "dim": 4, "hidden": [16]},
            "train": {
                "epochs": 6,
                "patience": 6,
                "batch_size": 100,
                "optimizers": {"embeddings": {"learning_rate": 0.3}},
                "monitor": "nDCG@10",
            },
            "ranker": {"rounds": 15, "max_depth": 3, "unbiased": False},
            "bias": {"item": "item", "minimum": 0.2},
            "stacking": {"folds": 3},
        }
        return check_config({**document, **sections}, folder)

    return make


@pytest.fixture(scope="session")
def log(raw: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the log."""
    folder = tmp_path_factory.mktemp("stacked")
    raw.write_parquet(folder / "log.parquet")
    return folder


@pytest.fixture
def trained(configured: Callable[..., Config]) -> Callable[..., Run]:
    def run(folder: Path, out: Path, **sections: Any) -> Run:
        return train(configured(folder, **sections), out, silent, root=folder)

    return run
