from pathlib import Path
from typing import Any

import pytest

from features.errors import ConfigError
from pipelines.tune.config import Axis
from pipelines.tune.space import changed, check_space, current

DOCUMENT: dict[str, Any] = {
    "name": "run",
    "data": {"paths": "log.csv", "label": "click"},
    "features": [{"type": "id", "column": "a"}, {"type": "id", "column": "b", "min_count": 3}],
    "model": {"type": "deepfm", "hidden": [8]},
    "ranker": None,
}


def test_values_are_set_in_a_copy() -> None:
    values = {"features.0.min_count": 5, "train.optimizers.wide.l1": 0.5, "model.hidden": [4, 4]}
    new = changed(DOCUMENT, values)
    assert {key: current(new, key) for key in values} == values
    assert current(new, "features.1.min_count") == 3
    assert "train" not in DOCUMENT
    assert DOCUMENT["model"] == {"type": "deepfm", "hidden": [8]}


@pytest.mark.parametrize("key", ["train.epochs", "features.2.column", "features.a", "name.x"])
def test_what_is_not_there_has_no_value(key: str) -> None:
    with pytest.raises(KeyError):
        current(DOCUMENT, key)


@pytest.mark.parametrize(
    ("key", "axis", "message"),
    [
        ("train.epocs", {"low": 1, "high": 3}, "epocs = 1: train.epocs is not a known key. Did"),
        ("train.epochs", {"low": 0, "high": 3}, "train.epochs = 0: .* greater than or equal to 1"),
        ("model.dropout", {"low": 0.0, "high": 1.5}, r"model.dropout = 1.5: .*less than"),
        ("model.hidden", {"choices": [[8], ["x"]]}, r"model.hidden = \['x'\]: "),
        ("model.cross_layers", {"low": 1, "high": 3}, "model.cross_layers is not a known key"),
        ("features.2.min_count", {"low": 1, "high": 3}, "one of 2 list items, 0 to 1; got '2'"),
        ("features.0.min_cuont", {"low": 1, "high": 3}, "Did you mean 'min_count'"),
        ("name.first", {"choices": ["a", "b"]}, "got 'name.first', which says what is measured"),
        ("data.label", {"choices": ["a", "b"]}, "got 'data.label', which says what is measured"),
        ("data.split.valid", {"low": 0.1, "high": 0.2}, "got 'data.split.valid'"),
        ("train.seed", {"low": 1, "high": 3}, "must not hold 'train.seed'.*tune.seeds"),
        ("train.monitor", {"choices": ["AUC", "LogLoss"]}, "Use tune.monitor"),
        ("model.dim.x", {"low": 1, "high": 3}, "model.dim"),
    ],
)
def test_axes_are_checked_against_the_configuration(
    key: str, axis: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        check_space(DOCUMENT, Path(), {key: Axis.model_validate(axis)})


def test_an_axis_must_not_be_a_part_of_another() -> None:
    model = Axis(choices=({"type": "lr"}, {"type": "fm"}))
    with pytest.raises(ConfigError, match="both 'model' and 'model.dim', which is a part of it"):
        check_space(DOCUMENT, Path(), {"model.dim": Axis(low=2, high=8), "model": model})


def test_axes_that_fit() -> None:
    axes = {
        "train.optimizers.embeddings.learning_rate": {"low": 1e-3, "high": 0.1, "log": True},
        "model": {"choices": [{"type": "lr"}, {"type": "fm"}]},
        "features.0.min_count": {"low": 1, "high": 9},
        "data.negatives.rate": {"low": 0.1, "high": 1.0},
    }
    check_space(DOCUMENT, Path(), {key: Axis.model_validate(one) for key, one in axes.items()})
