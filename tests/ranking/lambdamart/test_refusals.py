"""Rankers that must not be trained or loaded, and the messages that say why."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import xgboost as xgb
from pydantic import ValidationError

from features.errors import ConfigError, DataError
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.ranker import Ranker
from ranking.lambdamart.train import train
from ranking.query_data import QueryData

NAMES = ["signal", "size", "noise", "logger"]

World = Any  # of conftest.py
Floats = npt.NDArray[np.float32]


def fit(config: RankerConfig, data: QueryData, valid: QueryData) -> Ranker:
    return train(config, NAMES, data, valid, lambda _: 1.0, lambda *_: None)


@pytest.fixture(scope="module")
def ranker(small: World) -> Ranker:
    data = small.data(small.click)
    return fit(RankerConfig(rounds=3), data, data)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("trees.ubj", None),
        ("trees.ubj", b""),
        ("trees.ubj", b"garbage"),
        ("ranker.json", None),
        ("ranker.json", b"{"),
        ("ranker.json", b'{"features": []}'),
    ],
)
def test_a_damaged_folder_is_refused(
    ranker: Ranker, tmp_path: Path, name: str, content: bytes | None
) -> None:
    ranker.save(tmp_path / "ranker")
    file = tmp_path / "ranker" / name
    file.unlink() if content is None else file.write_bytes(content)
    with pytest.raises(DataError, match=rf"{name} must .*crossrank train` again"):
        Ranker.load(tmp_path / "ranker")


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (lambda data: data * 0, r"none of the 120 training queries \(1200 rows\) has any"),
        (lambda data: data * 0 + 1, "different labels; none of the 120 training queries"),
        (lambda data: np.arange(len(data)) // 10 % 2, "none of the 120 training queries"),
        (lambda data: -data, "whole numbers from 0 to 31; the training rows hold -1"),
        (lambda data: data * 0.5, "whole numbers from 0 to 31; the training rows hold 0.5"),
        (lambda data: data * 32, "whole numbers from 0 to 31; the training rows hold 32"),
        (lambda data: data * np.nan, "nan"),
    ],
)
def test_labels_that_teach_nothing_are_refused(
    small: World, label: Callable[[Floats], Floats], message: str
) -> None:
    bad = small.data(label(small.click).astype(np.float32))
    with pytest.raises(DataError, match=message):
        fit(RankerConfig(unbiased=False), bad, small.data(small.click))


def test_validation_that_tells_nothing_is_refused(small: World) -> None:
    data = small.data(small.click)
    with pytest.raises(DataError, match="all 1200 validation rows have 0"):
        fit(RankerConfig(), data, small.data(small.click * 0))
    with pytest.raises(DataError, match="metric must be a number; after round 1 it is nan"):
        train(RankerConfig(), NAMES, data, data, lambda _: float("nan"), lambda *_: None)


def test_gains_that_are_linear_need_no_whole_grades(small: World) -> None:
    data = small.data(small.grade * 0.3 + 40)
    fit(RankerConfig(rounds=1, unbiased=False, ndcg_exp_gain=False), data, data)
    fit(RankerConfig(rounds=1, unbiased=False, objective="rank:pairwise"), data, data)


def test_graded_labels_are_refused_where_clicks_are_read(small: World) -> None:
    grades, clicks = small.data(small.grade), small.data(small.click)
    with pytest.raises(DataError, match="learns from clicks, 0 or 1; the labels reach 4"):
        fit(RankerConfig(), grades, grades)
    with pytest.raises(DataError, match="ranker.objective = 'rank:map' reads labels 0 and 1"):
        fit(RankerConfig(objective="rank:map", unbiased=False), grades, clicks)


def test_infinite_features_are_refused_by_name(small: World) -> None:
    data = small.data(small.click)
    matrix = data.matrix.copy()
    matrix[7, 2] = np.inf
    with pytest.raises(DataError, match="Feature 'noise' must be finite"):
        fit(RankerConfig(), data, replace(data, matrix=matrix))
    matrix[7, 2] = np.nan  # missing
    fit(RankerConfig(rounds=1), replace(data, matrix=matrix), data)


def test_an_xgboost_that_learns_no_bias_is_refused(
    small: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_learned = json.dumps({"learner": {"objective": {"name": "rank:ndcg"}}})
    monkeypatch.setattr(xgb.Booster, "save_config", lambda _: nothing_learned)
    data = small.data(small.click)
    with pytest.raises(ConfigError, match=rf"{xgb.__version__} did not.*ranker.unbiased = false"):
        fit(RankerConfig(rounds=1), data, data)
    assert fit(RankerConfig(rounds=1, unbiased=False), data, data).bias == {}


@pytest.mark.parametrize(
    "bad",
    [{"device": "tpu"}, {"max_bin": 1}, {"num_pair_per_sample": 0}, {"seed": -1}, {"depth": 3}],
)
def test_options_out_of_range_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        RankerConfig.model_validate(bad)
