"""Examples beyond memory: pages of whole queries on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb

from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.features import about_columns
from ranking.lambdamart.matrices import checked
from ranking.query_data import QueryData


class Pages:
    """Where pages of examples come from, and the folder that keeps them while training lasts.

    No query may go on in the next page: XGBoost would make two of it. `parts` are taken once.
    """

    def __init__(self, parts: Iterable[QueryData], folder: Path) -> None:
        self._parts, self._folder = parts, folder

    def to_xgboost(self, config: RankerConfig, names: Sequence[str]) -> Any:
        """As `in_memory`; the cuts between numbers may differ where features have very many.

        Labels, weights and positions stay in memory. Raises DataError, ConfigError.
        """
        columns = about_columns(config, names)
        weights = columns.pop("feature_weights", None)
        categories = columns.pop("enable_categorical", False)
        source = _Source(
            (checked(config, names, part) for part in self._parts), self._folder, columns
        )
        matrix = xgb.ExtMemQuantileDMatrix(
            source, max_bin=config.max_bin, enable_categorical=categories
        )
        if weights is not None:
            matrix.set_info(feature_weights=weights)
        return matrix


class _Source(xgb.DataIter):
    """XGBoost goes through the pages several times; what they hold is computed once."""

    def __init__(self, parts: Iterable[QueryData], folder: Path, columns: dict[str, Any]) -> None:
        super().__init__(cache_prefix=str(folder / "binned"))
        self._folder, self._columns = folder, columns
        self._about: list[dict[str, Any]] = []
        queries = 0
        for number, part in enumerate(parts):
            np.save(self._file(number), part.matrix)
            qid = part.groups.qid + np.uint32(queries)
            queries += len(part.sizes)
            self._about.append({"label": part.label, "qid": qid, "weight": part.weight})
        self._next = 0

    def _file(self, number: int) -> Path:
        return self._folder / f"page-{number}.npy"

    def next(self, input_data: Callable[..., Any]) -> bool:
        if self._next == len(self._about):
            return False
        matrix = np.load(self._file(self._next), mmap_mode="r")
        input_data(data=matrix, **self._about[self._next], **self._columns)
        self._next += 1
        return True

    def reset(self) -> None:
        self._next = 0
