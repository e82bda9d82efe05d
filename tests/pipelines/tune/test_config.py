from pathlib import Path
from typing import Any

import pytest

from features.errors import ConfigError
from pipelines.config import Config, check_config
from pipelines.tune.config import Axis, TuneConfig


def tune(**settings: Any) -> TuneConfig:
    return TuneConfig.model_validate({"space": {"train.epochs": {"low": 1, "high": 3}}, **settings})


def test_an_axis_counts_its_values_as_they_are_written() -> None:
    assert list(Axis(low=2, high=9, step=3).points or ()) == [2, 5, 8]
    assert list(Axis(low=0.1, high=0.35, step=0.1).points or ()) == [0.1, 0.2, 0.3]
    assert Axis(low=0.1, high=0.35, step=0.1).ends == [0.1, 0.3]
    assert Axis(low=0.1, high=1).points is None
    assert Axis(choices=([400, 400], "a", True)).ends == [[400, 400], "a", True]


def test_an_axis_knows_its_values() -> None:
    assert 5 in Axis(low=2, high=9, step=3)
    assert 6 not in Axis(low=2, high=9, step=3)
    assert 2.5 not in Axis(low=2, high=9)
    assert True not in Axis(low=0, high=9)
    assert 1 in Axis(low=0.5, high=2.0)
    assert 2.1 not in Axis(low=0.5, high=2.0)
    assert [8] in Axis(choices=([8], [8, 8]))
    assert "8" not in Axis(low=0.5, high=20.0)


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ({"low": 1}, "needs low and high, or choices"),
        ({"low": 2, "high": 2}, "low must be below high; got 2 and 2"),
        ({"low": 0, "high": 2.0, "log": True}, "low must be above 0; got 0"),
        ({"low": 1, "high": 9, "log": True, "step": 2}, "log and step exclude each other"),
        ({"low": 1, "high": 2, "choices": [1, 2]}, "it has both"),
        ({"choices": [3, 3]}, "two different values or more"),
        ({"low": float("nan"), "high": 2.0}, "tune.space.train.epochs.low: .*got nan"),
        ({"lwo": 1, "high": 2}, "train.epochs.lwo is not a known key. Did you mean 'low'"),
    ],
)
def test_axes_that_make_no_sense(axis: dict[str, Any], message: str) -> None:
    base = {"name": "a", "data": {"paths": "x", "label": "y"}, "model": {"type": "lr"}}
    whole = {**base, "features": [{"type": "id", "column": "a"}], "train": {}}
    with pytest.raises(ConfigError, match=message):
        check_config({**whole, "tune": {"space": {"train.epochs": axis}}}, Path())


def test_keys_without_quotes_are_the_same_space() -> None:
    l2, dim = {"low": 0.0, "high": 1.0}, {"choices": [4, 8]}
    quoted = tune(space={"train.l2.dense": l2, "model.dim": dim})
    nested = {"train": {"l2": {"dense": l2}}, "model": {"dim": dim}}
    assert tune(space=nested) == quoted


def test_a_choice_may_be_a_table() -> None:
    models = [{"type": "lr"}, {"type": "fm", "dim": 4}]
    assert tune(space={"model": {"choices": models}}).space["model"].ends == models


def test_a_grid_needs_an_end() -> None:
    with pytest.raises(ValueError, match="goes over all numbers"):
        tune(sampler="grid", space={"a": {"low": 0.1, "high": 0.2}})
    with pytest.raises(ValueError, match="at most 100,000 points; this one has 1,000,000"):
        tune(sampler="grid", space={key: {"low": 1, "high": 100} for key in "abc"})


def test_a_search_is_no_part_of_its_runs() -> None:
    base = {"name": "a", "data": {"paths": "x", "label": "y"}, "model": {"type": "lr"}}
    whole = {**base, "features": [{"type": "id", "column": "a"}]}
    searched = Config.model_validate({**whole, "tune": tune().model_dump()})
    assert searched.tune == tune()
    assert searched.model_dump() == Config.model_validate(whole).model_dump()
