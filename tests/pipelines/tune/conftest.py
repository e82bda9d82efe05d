"""A log of which one setting learns something, and the other nothing."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

CONFIG = """
name = "small"
[data]
paths = "log.parquet"
label = "click"
[[features]]
type = "id"
column = "item"
[model]
type = "lr"
[train]
epochs = 2
patience = 2
batch_size = 256
seed = 5
optimizers.wide.learning_rate = 1e-6  # learns nothing

[tune]
trials = 4
sampler = "random"
pruner = "halving"
best = 1
seeds = 2
[tune.space]
"train.optimizers.wide.learning_rate" = { choices = [1e-6, 0.5] }
"train.batch_size" = { low = 128, high = 512, log = true }
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration, beside its log of 3,000 rows."""
    folder = tmp_path_factory.mktemp("tune")
    draws = np.random.default_rng(0)
    item = draws.integers(0, 8, 3_000)
    click = draws.random(3_000) < np.where(item < 4, 0.2, 0.7)
    frame = pl.DataFrame({"item": [f"i{one}" for one in item], "click": click.astype(int)})
    frame.write_parquet(folder / "log.parquet")
    (folder / "small.toml").write_text(CONFIG)
    return folder / "small.toml"
