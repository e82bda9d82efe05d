"""LambdaMART on LightGBM, unbiased where the log has positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import DataError
from ranking.best_round import BestRound
from ranking.lambdamart.checks import check_numbers, check_pairs
from ranking.lambdamart.features import require_known
from ranking.lightgbm.config import LightGBMConfig
from ranking.lightgbm.ranker import LightGBMRanker, library
from ranking.query_data import QueryData

Floats = npt.NDArray[np.float32]
Judge = Callable[[Floats], float]
Report = Callable[[int, dict[str, float]], None]

_HIGHEST = 30  # the last grade of LightGBM's label_gain


def train(
    config: LightGBMConfig,
    names: Sequence[str],
    data: QueryData,
    valid: QueryData,
    judge: Judge,
    report: Report,
) -> LightGBMRanker:
    """As `ranking.lambdamart.train.train`: fit, judge each round, keep the best.

    Raises:
        ConfigError: LightGBM is not installed, or there is no such feature.
        DataError: labels that teach nothing or cannot be read, numbers that LightGBM would take
            amiss, no positions, or a metric that is no number.
    """
    lightgbm = library()
    _check(config, names, data, valid)
    booster = lightgbm.Booster(_parameters(config), _dataset(lightgbm, config, names, data))
    scores = np.zeros(valid.rows)
    best = BestRound(config.patience)
    for done in range(1, config.rounds + 1):
        booster.update()
        new = {"start_iteration": done - 1, "num_iteration": 1}
        scores += booster.predict(valid.matrix, raw_score=True, **new)
        value = judge(scores.astype(np.float32))
        best.see(done, value, {})
        report(done, {config.metric: value})
        if best.over:
            break
    text = booster.model_to_string(num_iteration=best.number)
    kept = lightgbm.Booster(model_str=text)
    return LightGBMRanker(kept, tuple(names))


def _check(config: LightGBMConfig, names: Sequence[str], data: QueryData, valid: QueryData) -> None:
    require_known("categorical", config.categorical, names)
    for matrix in (data.matrix, valid.matrix):
        check_numbers(config.categorical, names, matrix)
    label = data.label
    fits = (label >= 0) & (label <= _HIGHEST) & (label == np.rint(label))
    if not fits.all():
        raise DataError(
            f"Ranking labels must be whole numbers from 0 to {_HIGHEST} for LightGBM; the training "
            f"rows hold {label[~fits][0]:g}. Map them to grades first."
        )
    check_pairs(label, data.sizes)
    if config.unbiased and data.position is None:
        raise DataError(
            "Unbiased ranking needs the position at which each row was shown; there is none. "
            "Declare data.position, or set ranker.unbiased = false."
        )


def _dataset(lightgbm: Any, config: LightGBMConfig, names: Sequence[str], data: QueryData) -> Any:
    return lightgbm.Dataset(
        data.matrix,
        data.label,
        weight=data.row_weight,
        group=data.sizes,
        position=data.position if config.unbiased else None,
        categorical_feature=[i for i, name in enumerate(names) if name in config.categorical],
        params={"max_bin": config.max_bin, "verbosity": -1},
    )


def _parameters(config: LightGBMConfig) -> dict[str, Any]:
    return {
        "objective": config.objective,
        "metric": "None",
        "verbosity": -1,
        "deterministic": True,
        "force_row_wise": True,
        "lambdarank_truncation_level": config.truncation_level,
        "lambdarank_norm": config.normalization,
        "lambdarank_position_bias_regularization": config.position_bias_regularization,
        "learning_rate": config.learning_rate,
        "num_leaves": config.num_leaves,
        "max_depth": config.max_depth or -1,
        "max_bin": config.max_bin,
        "min_data_in_leaf": config.min_data_in_leaf,
        "min_sum_hessian_in_leaf": config.min_child_weight,
        "lambda_l1": config.reg_alpha,
        "lambda_l2": config.reg_lambda,
        "bagging_fraction": config.subsample,
        "bagging_freq": int(config.subsample < 1),
        "feature_fraction": config.colsample_bytree,
        "seed": config.seed,
    }
