from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError, DataError
from pipelines.backtest.folds import Rolling, folds_of
from pipelines.config import Config, load_config
from pipelines.evaluate import evaluate_scores
from pipelines.run import Run
from pipelines.scoring import score

DAYS, ROWS = 6, 300  # rows a day

TEXT = """
name = "daily"
[data]
paths = "log.parquet"
label = "click"
split = { type = "time", column = "at", train = 0.6, valid = 0.2, test = 0.2 }
[[features]]
type = "id"
column = "item"
[model]
type = "lr"
[train]
epochs = 1
batch_size = 64
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Each day has items of its own: only what was seen before can be known."""
    random = np.random.default_rng(0)
    day = np.repeat(np.arange(DAYS), ROWS)
    item = random.integers(0, 10, DAYS * ROWS)
    click = random.random(DAYS * ROWS) < np.where(item < 5, 0.15, 0.6)
    at = [datetime(2024, 3, 1, 1) + timedelta(days=int(d), seconds=int(s))
          for d, s in zip(day, np.tile(np.arange(ROWS) * 200, DAYS), strict=True)]  # fmt: skip
    frame = pl.DataFrame({"at": at, "item": item, "click": click.astype(int)})
    frame = frame.with_columns(
        unix=pl.col("at").dt.epoch("s"), millis=pl.col("at").dt.epoch("ms"), step=pl.Series(day)
    )
    frame.write_parquet(tmp_path / "log.parquet")
    (tmp_path / "daily.toml").write_text(TEXT)
    return tmp_path / "daily.toml"


def windows(config: Config, **rolling: Any) -> list[tuple[Any, Any, Any]]:
    folds = folds_of(config, Rolling(**rolling))
    return [(one.split.start, one.split.test, one.split.end) for one in folds]


def day(number: int) -> datetime:
    return datetime(2024, 3, 1) + timedelta(days=number)


def test_folds_expand_slide_and_step(config: Path) -> None:
    loaded = load_config(config)
    assert windows(loaded) == [(day(0), day(test), day(test + 1)) for test in (3, 4, 5)]
    assert windows(loaded, first=2, step=2, window=1) == [
        (day(1), day(2), day(4)),
        (day(3), day(4), day(6)),
    ]
    hours = windows(loaded, period=43_200, first=10)
    assert hours[0] == (day(0), day(5), day(5) + timedelta(hours=12))


def test_numbers_that_look_like_times_have_days_and_others_need_a_period(config: Path) -> None:
    loaded = load_config(config)
    seconds = int((day(0) - datetime(1970, 1, 1)).total_seconds())
    in_seconds, in_millis = windows(loaded, column="unix"), windows(loaded, column="millis")
    assert in_seconds[0] == (seconds, seconds + 3 * 86_400, seconds + 4 * 86_400)
    assert in_millis[0] == tuple(1000 * one for one in in_seconds[0])
    assert windows(loaded, column="step", period=1, first=5) == [(0, 5, 6)]
    with pytest.raises(ConfigError, match="no times since 1970; say how long"):
        folds_of(loaded, Rolling(column="step"))


def test_rows_in_order_make_tenths(config: Path) -> None:
    by_order = 'data.split={type="order",train=0.8,valid=0.2,test=0}'
    found = windows(load_config(config, [by_order]))
    assert found[0] == (0, 900, 1080)
    assert found[-1] == (0, 1620, 1800)
    assert len(found) == 5


def test_refusals(config: Path) -> None:
    loaded = load_config(config)
    with pytest.raises(DataError, match="trains on 6 periods first.*the log has 6"):
        folds_of(loaded, Rolling(first=6))
    hashed = load_config(config, ['data.split={type="hash",column="item"}'])
    with pytest.raises(ConfigError, match="needs rows in time"):
        folds_of(hashed, Rolling())


def test_each_fold_is_a_run_over_its_own_days(
    config: Path, crossrank: Callable[..., Any], tmp_path: Path
) -> None:
    command = ("backtest", config, "--first", "4", "--out", tmp_path / "out", "--json")
    first = crossrank(*command)
    assert first.code == 0, first.err
    assert [one["rows"] for one in first.json["folds"]] == [
        {"train": 900, "ranker": 0, "valid": 300, "test": ROWS},  # four days, 0.2 / 0.8 of them
        {"train": 1125, "ranker": 0, "valid": 375, "test": ROWS},
    ]
    values = []
    for one in first.json["folds"]:
        run = Run(tmp_path / "out" / f"fold-0{one['fold']}")
        again = evaluate_scores(score(run.prepared.part("test"), run.model, None))
        assert again == one["metrics"]
        values.append(one["metrics"]["ctr"]["AUC"])
    assert min(values) > 0.6
    assert first.json["mean"]["ctr"]["AUC"] == pytest.approx(np.mean(values))
    assert first.json["std"]["ctr"]["AUC"] == pytest.approx(np.std(values, ddof=1))
    stamps = {one: one.stat().st_mtime_ns for one in (tmp_path / "out").glob("fold-*/run.json")}
    assert crossrank(*command).json == first.json
    assert stamps == {one: one.stat().st_mtime_ns for one in stamps}
    shown = crossrank(*command[:-1])
    assert "2024-03-05" in shown.out
    assert "mean" in shown.out


def test_a_fold_without_clicks_says_so_and_the_others_go_on(
    config: Path, crossrank: Callable[..., Any], tmp_path: Path
) -> None:
    log = config.parent / "log.parquet"
    silent = pl.when(pl.col("step") == 4).then(0).otherwise("click").alias("click")
    pl.read_parquet(log).with_columns(silent).write_parquet(log)
    found = crossrank("backtest", config, "--first", "4", "--out", tmp_path / "out", "--json").json
    refused, measured = found["folds"]
    assert "must hold both labels" in refused["refused"]
    assert measured["metrics"]["ctr"]["AUC"] > 0.6
    assert found["std"]["ctr"]["AUC"] == 0
