from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError
from pipelines.config import load_config
from pipelines.importance.ablation import without_features

TEXT = """
name = "told"
[data]
paths = "log.parquet"
label = "click"
split = { type = "order", train = 0.6, valid = 0.2, test = 0.2 }
[[derived]]
type = "cross"
name = "both"
columns = ["told", "idle"]
[[features]]
type = "id"
columns = ["told", "idle", "both"]
min_count = 2
[[features]]
type = "id"
name = "again"
column = "told"
vocabulary = "told"
[model]
type = "lr"
[train]
epochs = 2
batch_size = 64
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The label follows `told`, which stands there twice, and `idle` says nothing."""
    random = np.random.default_rng(0)
    told = random.integers(0, 6, 2000)
    click = random.random(2000) < np.where(told < 3, 0.1, 0.7)
    raw = {"told": told, "idle": random.integers(0, 4, 2000), "click": click.astype(int)}
    pl.DataFrame(raw).write_parquet(tmp_path / "log.parquet")
    (tmp_path / "told.toml").write_text(TEXT)
    return tmp_path / "told.toml"


def test_what_is_left_keeps_its_vocabulary_and_what_it_comes_from(config: Path) -> None:
    loaded = load_config(config)
    less = without_features(loaded, ["told"]).schema_
    assert [one.name for one in less.features] == ["idle", "both", "again"]
    again = less.features[2]
    assert (again.vocabulary, again.min_count) == ("told", 2)  # type: ignore[union-attr]
    assert [one.name for one in less.derived] == ["both"]
    assert without_features(loaded, ["both"]).schema_.derived == ()
    assert without_features(loaded, []).schema_.fingerprint == loaded.schema_.fingerprint
    with pytest.raises(ConfigError, match="at least one feature"):
        without_features(loaded, ["told", "idle", "both", "again"])


def test_a_feature_is_missed_by_what_is_trained_without_it(
    config: Path, crossrank: Callable[..., Any], tmp_path: Path
) -> None:
    run = tmp_path / "run"
    assert crossrank("train", config, "--out", run).code == 0
    group = "all of told=told,again,both"
    command = ("ablate", run, "--group", group, "--feature", "idle", "--seeds", "2")
    first = crossrank(*command, "--json")
    assert first.code == 0, first.err
    told, idle = first.json["features"]
    assert told["feature"] == "all of told"
    assert first.json["metric"] > 0.75
    assert told["value"] == pytest.approx(first.json["metric"] - 0.5, abs=0.1)
    assert told["low"] > 0.15
    assert idle["feature"] == "idle"
    assert abs(idle["value"]) < 0.02
    folder = tmp_path / "run-ablation"
    assert (folder / "without-all_of_told-1" / "run.json").exists()
    stamps = {one: one.stat().st_mtime_ns for one in folder.glob("*/run.json")}
    assert len(stamps) == 5
    shown = crossrank(*command)
    assert "std over seeds" in shown.out
    assert stamps == {one: one.stat().st_mtime_ns for one in folder.glob("*/run.json")}


def test_what_something_else_needs_cannot_be_left_out(
    config: Path, crossrank: Callable[..., Any], tmp_path: Path
) -> None:
    config.write_text(TEXT + '[calibration]\ntype = "platt"\nsegment = "idle"\n')
    run = tmp_path / "run"
    assert crossrank("train", config, "--out", run).code == 0
    answer = crossrank("ablate", run, "--feature", "idle", "--json")
    assert answer.json["features"] == []
    assert "calibration.segment" in answer.json["needed"]["idle"]
