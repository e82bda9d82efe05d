"""The log of clicks has the rows of its parts, whatever the types of its columns."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.errors import ConfigError, DataError, SchemaError
from pipelines.bias.log import click_log
from pipelines.config import Config, check_config

ROWS = pl.DataFrame(
    {
        "page": ["b", "b", "b", "a", "a", "a", "c", "c", "c", "d"],
        "rank": [1, 2, 3, 2, 1, 3, 1, 2, 3, 1],
        "hit": [True, False, False, False, True, False, False, True, False, False],
        "sku": ["x", "y", "z", "x", "y", "z", "z", "y", "x", "x"],
    }
)


def config(folder: Path, bias: dict[str, Any] | None = None, **data: Any) -> Config:
    ROWS.write_parquet(folder / "log.parquet")
    document = {
        "name": "clicks",
        "data": {"paths": "log.parquet", "label": "hit", "query": "page", "position": "rank"}
        | {"split": {"type": "order", "train": 0.6, "valid": 0.2, "test": 0.2}}
        | data,
        "features": [{"type": "id", "column": "sku"}],
        "ranker": {"unbiased": False},
        "bias": bias,
    }
    return check_config(document, folder)


def test_positions_count_from_zero_and_queries_are_numbered(tmp_path: Path) -> None:
    log = click_log(config(tmp_path, {"item": "sku"}), {"train"}, lambda *_: None)
    assert log.schema == {
        "query": pl.Int64,
        "position": pl.Int32,
        "click": pl.Float32,
        "item": pl.String,
    }
    assert log["position"].to_list() == [0, 1, 2, 1, 0, 2]
    assert log["query"].to_list() == [1, 1, 1, 0, 0, 0]
    assert log["click"].to_list() == [1, 0, 0, 0, 1, 0]
    assert log["item"].to_list() == ["x", "y", "z", "x", "y", "z"]


def test_parts_are_as_the_split_has_them(tmp_path: Path) -> None:
    both = click_log(config(tmp_path), {"train", "test"}, lambda *_: None)
    assert both.height == 8


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"no 'colour' among page, .*bias\.item"):
        click_log(config(tmp_path, {"item": "colour"}), {"train"}, lambda *_: None)
    with pytest.raises(ConfigError, match=r"data\.position is not declared"):
        click_log(config(tmp_path, position=None), {"train"}, lambda *_: None)
    with pytest.raises(DataError, match="must hold rows"):
        click_log(config(tmp_path), {"ranker"}, lambda *_: None)
    holed = ROWS.with_columns(pl.when(pl.col("rank") < 3).then("rank").alias("rank"))
    given = config(tmp_path)
    holed.write_parquet(tmp_path / "log.parquet")
    with pytest.raises(DataError, match="column 'rank' misses 2 of 6"):
        click_log(given, {"train"}, lambda *_: None)
