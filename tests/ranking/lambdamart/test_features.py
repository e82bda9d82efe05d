"""What is declared of features by name."""

import re
from typing import Any

import numpy as np
import pytest
import xgboost as xgb
from pydantic import ValidationError

from features.errors import ConfigError, DataError
from ranking.lambdamart.config import RankerConfig
from ranking.query_data import QueryData

World = Any  # of conftest.py
SPLIT = re.compile(r"\[f(\d)")


def config(**options: Any) -> RankerConfig:
    return RankerConfig(rounds=10, patience=10, unbiased=False, max_depth=4, **options)


def used(ranker: Any) -> list[set[str]]:
    """The features that each tree splits by."""
    return [
        {ranker.names[int(i)] for i in SPLIT.findall(tree)} for tree in ranker.booster.get_dump()
    ]


def test_scores_rise_with_a_feature_that_must(fit: Any, small: World) -> None:
    data = small.data(small.grade)
    rows = np.repeat(small.matrix[:50], 40, axis=0)
    rows[:, 0] = np.tile(np.linspace(-3, 3, 40), 50)
    for sign in (1, -1):
        constraints = {"signal": sign}
        ranker = fit(config(monotone_constraints=constraints), data, data)
        steps = np.diff(ranker.predict(rows.astype(np.float32)).reshape(50, 40), axis=1)
        assert (steps * sign >= 0).all()
        assert (steps != 0).any() == (sign == 1)  # it does rise; falling would only mislead
    free = fit(config(), data, data)
    assert np.diff(free.predict(rows.astype(np.float32)).reshape(50, 40), axis=1).min() < 0


def test_features_interact_only_where_they_may(fit: Any, small: World) -> None:
    data = small.data(small.grade)
    groups = (("signal", "noise"), ("size", "logger"))
    ranker = fit(config(interaction_constraints=groups), data, data)
    assert all(tree <= set(groups[0]) or tree <= set(groups[1]) for tree in used(ranker))
    assert any(
        not (t <= set(groups[0]) or t <= set(groups[1])) for t in used(fit(config(), data, data))
    )


def test_a_feature_of_weight_0_is_never_drawn(fit: Any, small: World) -> None:
    data = small.data(small.grade)
    weights = {"signal": 0.0, "size": 5.0}
    ranker = fit(config(colsample_bynode=0.5, feature_weights=weights), data, data)
    assert "signal" not in set().union(*used(ranker))
    free = fit(config(colsample_bynode=0.5), data, data)
    assert "signal" in set().union(*used(free))


def test_categories_are_told_apart_whatever_their_order(fit: Any, small: World) -> None:
    """One split parts odd from even numbers, as no threshold does."""
    rng = np.random.default_rng(0)
    category = rng.integers(0, 40, len(small.query)).astype(np.float32)
    label = (category % 2).astype(np.float32)
    data = QueryData.of(category[:, None], label, small.query, small.position)
    options: Any = {"rounds": 1, "unbiased": False, "max_depth": 1, "min_child_weight": 0}
    found = {}
    for categorical in ((), ("item",)):
        one = RankerConfig(categorical=categorical, **options)
        scores = fit(one, data, data, names=["item"]).predict(data.matrix)
        found[categorical] = len({(s, y) for s, y in zip(scores, data.label, strict=True)})
    assert found[("item",)] == 2 < found[()]  # each score is of one label, or not


def test_a_category_that_training_had_not_is_like_a_missing_one(fit: Any, small: World) -> None:
    matrix = small.matrix.copy()
    matrix[:, 3] = np.floor(np.abs(matrix[:, 3]) * 10)
    data = QueryData.of(matrix, small.click, small.query, small.position)
    ranker = fit(RankerConfig(rounds=3, categorical=("logger",)), data, data)
    new, missing = matrix.copy(), matrix.copy()
    new[:, 3], missing[:, 3] = 10_000, np.nan
    np.testing.assert_array_equal(ranker.predict(new), ranker.predict(missing))


@pytest.mark.parametrize("value", [-1.0, 0.5, 2.0**24])
def test_what_is_no_category_is_refused(fit: Any, small: World, value: float) -> None:
    """The trap: XGBoost's own words name no feature, and some values it takes."""
    matrix = np.abs(np.rint(small.matrix))
    matrix[3, 2] = value
    data = QueryData.of(matrix, small.click, small.query, small.position)
    with pytest.raises(
        DataError,
        match=f"Feature 'noise' is of ranker.categorical.*holds {re.escape(f'{value:g}')}",
    ):
        fit(RankerConfig(categorical=("noise",)), data, data)


@pytest.mark.parametrize(
    "options",
    [
        {"monotone_constraints": {"nosie": 1}},
        {"interaction_constraints": (("signal", "nosie"),)},
        {"categorical": ("nosie",)},
        {"feature_weights": {"nosie": 1.0}, "colsample_bytree": 0.5},
    ],
)
def test_a_name_that_there_is_not_is_refused(fit: Any, small: World, options: Any) -> None:
    data = small.data(small.click)
    with pytest.raises(ConfigError, match=f"ranker.{next(iter(options))} must name.*got 'nosie'"):
        fit(RankerConfig(**options), data, data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"feature_weights": {"a": 1}}, "set colsample_bytree"),
        ({"feature_weights": {"a": -1}, "colsample_bytree": 0.5}, "at least 0"),
        ({"max_depth": 0}, "max_depth or max_leaves"),
        ({"monotone_constraints": {"a": 2}}, "monotone_constraints"),
    ],
)
def test_declarations_that_do_not_hold_together_are_refused(options: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        RankerConfig.model_validate(options)


def test_every_parameter_reaches_xgboost(fit: Any, small: World, monkeypatch: Any) -> None:
    """Read back from where XGBoost keeps it; each differs from its default."""
    seen: list[str] = []
    real = xgb.Booster.update

    def update(self: Any, *more: Any) -> None:
        real(self, *more)
        seen.append(self.save_config())

    monkeypatch.setattr(xgb.Booster, "update", update)
    given = {
        "pair_method": "mean", "num_pair_per_sample": 3, "normalization": False,
        "score_normalization": False, "bias_norm": 2.5, "ndcg_exp_gain": False,
        "learning_rate": 0.25, "max_depth": 5, "max_leaves": 7, "grow_policy": "lossguide",
        "max_bin": 32, "min_child_weight": 2.5, "max_delta_step": 0.75, "gamma": 0.125,
        "reg_alpha": 0.5, "reg_lambda": 3.5, "subsample": 0.875, "colsample_bytree": 0.625,
        "colsample_bylevel": 0.375, "colsample_bynode": 0.25, "max_cat_to_onehot": 9,
        "max_cat_threshold": 11, "seed": 17,
    }  # fmt: skip
    data = small.data(small.click)
    fit(RankerConfig.model_validate({"rounds": 1} | given), data, data)
    told = dict(re.findall(r'"(\w+)":"([^"]*)"', seen[0]))
    theirs = {"learning_rate": "eta", "reg_alpha": "alpha", "reg_lambda": "lambda"}
    for name, value in given.items():
        known = {theirs.get(name, name), f"lambdarank_{name}", name, name.replace("reg_", "")}
        (text,) = {told[key] for key in known if key in told}
        assert text == value or float(text) == float(value), name
