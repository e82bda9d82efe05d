"""What is declared of features by name, as XGBoost takes it: by place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from features.suggest import listing
from ranking.lambdamart.config import RankerConfig

Floats = npt.NDArray[np.float32]


def constraints(config: RankerConfig, names: Sequence[str]) -> dict[str, Any]:
    """Of the trees: monotone, and which features may interact. Raises ConfigError."""
    found: dict[str, Any] = {}
    if config.monotone_constraints:
        require_known("monotone_constraints", config.monotone_constraints, names)
        signs = [config.monotone_constraints.get(name, 0) for name in names]
        found["monotone_constraints"] = f"({','.join(map(str, signs))})"
    if config.interaction_constraints:
        for group in config.interaction_constraints:
            require_known("interaction_constraints", group, names)
        place = {name: i for i, name in enumerate(names)}
        groups = [[place[name] for name in group] for group in config.interaction_constraints]
        found["interaction_constraints"] = str(groups)
    return found


def about_columns(config: RankerConfig, names: Sequence[str]) -> dict[str, Any]:
    """What a matrix is told of its columns: types, and chances to be drawn. Raises ConfigError."""
    found: dict[str, Any] = {}
    if config.categorical:
        require_known("categorical", config.categorical, names)
        found["feature_types"] = ["c" if name in config.categorical else "q" for name in names]
        found["enable_categorical"] = True
    if config.feature_weights:
        require_known("feature_weights", config.feature_weights, names)
        weights = [config.feature_weights.get(name, 1.0) for name in names]
        found["feature_weights"] = np.array(weights, np.float32)
    return found


def require_known(key: str, named: Iterable[str], names: Sequence[str]) -> None:
    """Raise ConfigError for a name under `ranker.key` that is of no feature."""
    unknown = [name for name in named if name not in names]
    if unknown:
        raise ConfigError(
            f"ranker.{key} must name features of the ranker ({listing(names)}); got "
            f"'{unknown[0]}'. Correct the name, or declare the feature."
        )
