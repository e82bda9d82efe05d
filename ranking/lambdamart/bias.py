"""The position bias that XGBoost learns, read from where it keeps it, and put there."""

from __future__ import annotations

import json
from typing import Any

import xgboost as xgb

from features.errors import ConfigError, DataError
from features.suggest import listing
from ranking.best_round import Bias

_KEYS = {"click": "ti+", "no_click": "tj-"}


def learned_bias(booster: Any) -> Bias:
    """Of a click, and of a missing one, by position; Hu et al., WWW 2019, eq. 30 and 31.

    Raises ConfigError where this XGBoost learns none.
    """
    objective = json.loads(booster.save_config())["learner"]["objective"]
    if not objective.keys() >= set(_KEYS.values()):
        raise ConfigError(
            f"Unbiased ranking needs an XGBoost that learns position bias; {xgb.__version__} "
            "did not (no 'ti+' after training). Install the pinned version, or set "
            "ranker.unbiased = false."
        )
    return {name: [float(value) for value in objective[key]] for name, key in _KEYS.items()}


def carry(booster: Any, matrix: Any, bias: Bias) -> None:
    """Let the next round go on from an earlier bias. Appends a tree that adds 0 to every score.

    XGBoost forgets a bias that it is loaded with at its first gradient, where it allots memory;
    one that is loaded after that, it keeps. So a round without effect comes first. A bias of
    another depth is cut, or goes on with its last value.

    Raises:
        ConfigError: it did not take.
        DataError: the bias is of another kind.
    """
    if bias.keys() != _KEYS.keys():
        raise DataError(
            f"XGBoost's unbiased mode goes on from a bias of {listing(_KEYS)}; the earlier ranker "
            f"has learned one of {listing(bias)}. Train in the way that it was, or anew."
        )
    config = json.loads(booster.save_config())
    booster.set_param({"learning_rate": 0, "gamma": 1e30})
    booster.update(matrix, 0)
    depth = len(learned_bias(booster)["click"])
    resized = {name: _resized(values, depth) for name, values in bias.items()}
    for name, values in resized.items():
        config["learner"]["objective"][_KEYS[name]] = values
    booster.load_config(json.dumps(config))
    taken = learned_bias(booster)
    for name, values in resized.items():
        if any(abs(a - b) > 1e-6 * abs(b) for a, b in zip(taken[name], values, strict=True)):
            raise ConfigError(
                f"XGBoost {xgb.__version__} must take the position bias of the earlier ranker; it "
                "did not. Install the pinned version, or train anew."
            )


def _resized(values: list[float], depth: int) -> list[float]:
    return values[:depth] + values[-1:] * (depth - len(values))
