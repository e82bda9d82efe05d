"""Going on from an earlier ranker, with its bias."""

import json
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from features.errors import ConfigError, FingerprintError
from ranking.lambdamart import bias
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.ranker import Ranker
from ranking.lambdamart.train import train

NAMES = ["signal", "size", "noise", "logger"]

World = Any  # of conftest.py


def config(rounds: int, **more: Any) -> RankerConfig:
    return RankerConfig(rounds=rounds, max_depth=3, **more)


@pytest.fixture(scope="module")
def data(small: World) -> Any:
    return small.data(small.click)


@pytest.fixture
def rising() -> Any:
    """Train; each round is better than the one before."""

    def fit(config: RankerConfig, data: Any, start: Ranker | None = None) -> Ranker:
        better = count().__next__
        return train(config, NAMES, data, data, lambda _: better(), lambda *_: None, start=start)

    return fit


@pytest.mark.parametrize("unbiased", [True, False])
def test_two_halves_are_one_training(
    rising: Any, data: Any, unbiased: bool, tmp_path: Path
) -> None:
    """To the rounding of sums, saved in between."""
    whole = rising(config(8, unbiased=unbiased), data)
    rising(config(4, unbiased=unbiased), data).save(tmp_path / "ranker")
    half = Ranker.load(tmp_path / "ranker")
    other = rising(config(4, unbiased=unbiased), data, half)
    np.testing.assert_allclose(other.predict(data.matrix), whole.predict(data.matrix), atol=2e-6)
    for name, values in whole.bias.items():
        np.testing.assert_allclose(other.bias[name], values, rtol=1e-5)
    rounds = other.booster.num_boosted_rounds()
    assert rounds == 8 + unbiased  # a tree that adds 0 while the bias is put in place


def test_xgboost_alone_forgets_the_bias(small: World, data: Any) -> None:
    """The trap: with `xgb_model=` the first new tree is one of a ranker that knows no bias."""
    settings = {"objective": "rank:ndcg", "lambdarank_unbiased": True, "max_depth": 3}
    matrix = xgb.DMatrix(data.matrix, data.label, qid=data.groups.qid)
    half = xgb.train(settings, matrix, 4)
    plain = xgb.train(settings, matrix, 5)
    on = xgb.train(settings, matrix, 1, xgb_model=half)
    assert not np.allclose(on.inplace_predict(data.matrix), plain.inplace_predict(data.matrix))
    carried = xgb.Booster(settings, [matrix])
    carried.load_model(half.save_raw("ubj"))
    carried.set_param(settings)
    learned = bias.learned_bias(half)
    bias.carry(carried, matrix, learned)
    assert bias.learned_bias(carried) == learned
    carried.update(matrix, 1)
    np.testing.assert_allclose(
        carried.inplace_predict(data.matrix), plain.inplace_predict(data.matrix), atol=2e-6
    )


def test_on_a_larger_log_of_deeper_queries(fit: Any, world_of: Any, data: Any) -> None:
    """`Booster.update` of one that has been trained on a smaller matrix would end the process."""
    more = world_of(3, 300)
    shallow = fit(config(4), data.top(4), data)
    assert len(shallow.bias["click"]) == 4
    ranker = fit(config(3), more.data(more.click), data, start=shallow)
    assert len(ranker.bias["click"]) in (4, 10)
    deep = fit(config(4), more.data(more.click), data)
    back = fit(config(3), data.top(4), data, start=deep)
    assert np.isfinite(back.predict(data.matrix)).all()


def test_where_nothing_is_better_the_start_stays(fit: Any, small: World, data: Any) -> None:
    start = fit(config(4), data, data)
    noise = np.random.default_rng(0).permutation(small.click)
    values = iter([3.0, 2.0, 1.0])
    kept = train(
        config(2), start.names, small.data(noise), data, lambda _: next(values),
        lambda *_: None, start=start,
    )  # fmt: skip
    assert kept.bias == start.bias
    assert kept.booster.get_dump() == start.booster.get_dump()


def test_another_features_ranker_is_refused(fit: Any, data: Any) -> None:
    start = replace(fit(config(1), data, data), names=("a", "b", "c", "d"))
    with pytest.raises(FingerprintError, match="features that it has, a, b, c, d; got signal"):
        fit(config(1), data, data, start=start)


def test_an_xgboost_that_does_not_take_the_bias_is_refused(
    fit: Any, data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = fit(config(2), data, data)
    monkeypatch.setattr(xgb.Booster, "load_config", lambda *_: None)
    with pytest.raises(ConfigError, match="must take the position bias of the earlier ranker"):
        fit(config(2), data, data, start=start)


def test_the_bias_is_that_of_the_kept_round(fit: Any, data: Any, monkeypatch: Any) -> None:
    """Not of the last one: what was trained for so many rounds alone has the same."""
    seen: list[str] = []
    real = xgb.Booster.save_config
    monkeypatch.setattr(
        xgb.Booster, "save_config", lambda self: seen.append(real(self)) or seen[-1]
    )
    ranker = fit(config(30, patience=3), data, data)
    kept = ranker.booster.num_boosted_rounds()
    assert kept < len(seen)
    learned = [json.loads(one)["learner"]["objective"]["ti+"] for one in seen]
    assert ranker.bias["click"] == [float(value) for value in learned[kept - 1]]
    assert learned[kept - 1] != learned[-1]
