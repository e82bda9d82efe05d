"""The ranker of another kind: LightGBM's own, under the same interface."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pytest
from pydantic import TypeAdapter

from features.errors import ConfigError, DataError
from pipelines.judge import judge_of, metric_of
from ranking import registry
from ranking.lambdamart.config import RankerConfig
from ranking.lightgbm.config import LightGBMConfig
from ranking.lightgbm.ranker import LightGBMRanker
from ranking.lightgbm.train import train
from ranking.query_data import QueryData

NAMES = ["signal", "size", "noise", "logger"]

World = Any  # of conftest.py


def config(**options: Any) -> LightGBMConfig:
    return LightGBMConfig.model_validate({"type": "lightgbm", "rounds": 10, **options})


def fit(config: LightGBMConfig, data: QueryData, valid: QueryData) -> LightGBMRanker:
    judge = judge_of(metric_of(config.metric), valid)
    return train(config, NAMES, data, valid, judge, lambda *_: None)


@pytest.mark.parametrize("unbiased", [True, False])
def test_it_is_lightgbm_with_the_declared_parameters(small: World, unbiased: bool) -> None:
    weight = np.linspace(0.5, 2, 120)
    data = small.data(small.click, weight=weight)
    options: Any = {"num_leaves": 7, "min_data_in_leaf": 5, "learning_rate": 0.2}
    ranker = fit(config(unbiased=unbiased, **options), data, data)
    rows = lightgbm.Dataset(
        data.matrix, data.label, group=data.sizes, weight=np.repeat(weight, 10),
        position=data.position if unbiased else None, params={"verbosity": -1},
    )  # fmt: skip
    settings = {"objective": "lambdarank", "verbosity": -1, "deterministic": True, **options}
    settings |= {"force_row_wise": True, "seed": 0}
    kept = ranker.booster.num_trees()
    alone = lightgbm.train(settings, rows, kept)
    np.testing.assert_allclose(ranker.predict(data.matrix), alone.predict(data.matrix), rtol=1e-6)


def test_without_the_logger_s_bias_it_ranks_better(world_of: Any) -> None:
    log, valid = world_of(0, 600, logged=True), world_of(100, 150)
    data, held = log.data(log.click), valid.data(valid.grade)
    found = [valid.ndcg(fit(config(unbiased=one), data, held)) for one in (False, True)]
    assert found[1] > found[0] + 0.01


def test_the_best_round_is_kept(small: World) -> None:
    data = small.data(small.click)
    values = iter([0.1, 0.5, 0.2, 0.3])
    settings = config(patience=2)
    ranker = train(settings, NAMES, data, data, lambda _: next(values), lambda *_: None)
    assert ranker.booster.num_trees() == 2


def test_it_is_loaded_as_it_was(small: World, tmp_path: Path) -> None:
    data = small.data(small.click)
    ranker = fit(config(), data, data)
    ranker.save(tmp_path / "ranker")
    loaded = registry.load(tmp_path / "ranker")
    assert (loaded.kind, loaded.names, loaded.bias) == ("lightgbm", tuple(NAMES), {})
    np.testing.assert_array_equal(loaded.predict(data.matrix), ranker.predict(data.matrix))
    for text in ("", "tree\nversion=v4\n", "import os"):
        (tmp_path / "ranker" / "trees.txt").write_text(text)
        with pytest.raises(DataError, match="trees.txt must be a model of LightGBM"):
            registry.load(tmp_path / "ranker")
    (tmp_path / "ranker" / "ranker.json").write_text('{"kind": "x", "features": [], "bias": {}}')
    with pytest.raises(DataError, match="kind xgboost, lightgbm; it says 'x'"):
        registry.load(tmp_path / "ranker")


def test_what_it_cannot_learn_from_is_refused(small: World) -> None:
    data = small.data(small.click)
    for bad, message in (
        (small.data(small.click * 31), "whole numbers from 0 to 30 for LightGBM.* 31"),
        (small.data(small.click * 0), "none of the 120 training queries"),
        (replace(data, position=None), "needs the position"),
    ):
        with pytest.raises(DataError, match=message):
            fit(config(), bad, data)
    with pytest.raises(ConfigError, match="ranker.categorical must name"):
        fit(config(categorical=("nosie",)), data, data)


def test_without_the_extra_it_says_so(small: World, monkeypatch: pytest.MonkeyPatch) -> None:
    data = small.data(small.click)
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(ConfigError, match=r"pip install 'crossrank\[lightgbm\]'"):
        fit(config(), data, data)


def test_xgboost_is_meant_unless_it_is_said() -> None:
    adapter: Any = TypeAdapter(registry.AnyRankerConfig)
    assert isinstance(adapter.validate_python({"rounds": 3}), RankerConfig)
    assert isinstance(adapter.validate_python({"type": "lightgbm"}), LightGBMConfig)
    for one in ({"rounds": 3}, {"type": "lightgbm", "num_leaves": 5}):
        known = adapter.validate_python(one)
        assert adapter.validate_python(known.model_dump(mode="json")) == known
