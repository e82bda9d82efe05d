from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.config import Config, load_config
from pipelines.init import Guess, guess, write_config
from pipelines.prepare import prepare

Columns = dict[str, Any]


@pytest.fixture
def log(tmp_path: Path) -> Callable[[Columns], str]:
    """Write a log of these columns, a random click and a price; returns its path."""

    def write(columns: Columns) -> str:
        rng = np.random.default_rng(0)
        rows = len(next(iter(columns.values())))
        always = {"click": rng.integers(0, 2, rows), "price": rng.lognormal(size=rows)}
        pl.DataFrame({**always, **columns}).write_parquet(tmp_path / "log.parquet")
        return str(tmp_path / "log.parquet")

    return write


@pytest.fixture
def guessed(log: Callable[[Columns], str]) -> Callable[[Columns], Guess]:
    return lambda columns: guess(log(columns), Path())


@pytest.fixture
def configured(log: Callable[[Columns], str], tmp_path: Path) -> Callable[[Columns], Config]:
    """The configuration guessed, read back, with whose declarations the rows can be prepared."""

    def write(columns: Columns) -> Config:
        write_config(log(columns), tmp_path / "run.toml")
        config = load_config(tmp_path / "run.toml")
        prepare(config, tmp_path, lambda *_: None)
        return config

    return write
