"""Ranking examples as XGBoost holds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from ranking.lambdamart.checks import check_labels, check_numbers, check_positions, tracked
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.features import about_columns
from ranking.query_data import QueryData

Floats = npt.NDArray[np.float32]


def in_memory(config: RankerConfig, names: Sequence[str], data: QueryData) -> Any:
    """For training: binned, a byte a number. Columns go without their names, some of whose
    characters XGBoost refuses. Raises DataError, ConfigError."""
    data = checked(config, names, data)
    return xgb.QuantileDMatrix(
        data.matrix,
        label=data.label,
        qid=data.groups.qid,
        weight=data.weight,
        max_bin=config.max_bin,
        **about_columns(config, names),
    )


def to_score(config: RankerConfig, names: Sequence[str], matrix: Floats) -> Any:
    """For validation, whose rows may hold values that training had not. Raises DataError,
    ConfigError."""
    columns = about_columns(config, names)
    check_numbers(config.categorical, names, matrix)
    return xgb.DMatrix(matrix, **columns)


def checked(config: RankerConfig, names: Sequence[str], data: QueryData) -> QueryData:
    """The rows to learn from. Raises DataError for what XGBoost would take amiss."""
    check_numbers(config.categorical, names, data.matrix)
    check_labels(config, data.label)
    if not config.unbiased:
        return data
    depth = tracked(config)
    if data.position is not None and depth is not None and config.untracked == "drop":
        data = data.top(depth)
    check_positions(config, data)
    return data
