"""How sparse training made a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from models.optimizers.ftrl import Ftrl
from models.optimizers.group_adagrad import GroupAdaGrad
from models.optimizers.group_ftrl import GroupFtrl
from models.table import Table

_RULES = (Ftrl, GroupAdaGrad, GroupFtrl)


class Sparsity(NamedTuple):
    """Of the rows that training touched: how many, and which shares are exactly zero."""

    touched: int
    zero_weights: float
    zero_rows: float


def sparsities(tables: Mapping[str, Table]) -> dict[str, Sparsity]:
    """Of those tables whose rule makes weights zero, by name."""
    return {
        name: sparsity(table.view, table.dim, table.optimizer)
        for name, table in tables.items()
        if isinstance(table.optimizer, _RULES)
    }


def sparsity(
    storage: npt.NDArray[np.float32], dim: int, rule: Ftrl | GroupAdaGrad | GroupFtrl
) -> Sparsity:
    """Of a table's storage float32 (rows, dim + state of `rule`); shares of no rows are 0."""
    touched = rule.touched(storage[:, dim:])
    used = np.count_nonzero(storage[:, :dim], axis=1)[touched]
    rows = len(used)
    zeros, empty = rows * dim - int(used.sum()), rows - np.count_nonzero(used)
    return Sparsity(rows, zeros / (rows * dim or 1), empty / (rows or 1))
