"""Kernels: kept on disk where they can be, and right where they cannot."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.compiled import compiled, singles

ROOT = Path(__file__).parents[2]
RUN = """
import numpy as np
from models.table import Table
from models.optimizers.adagrad import AdaGrad
table = Table(4, 2, AdaGrad(), stddev=0.1, seed=0)
table.push(np.array([1], np.int32), np.ones((1, 2), np.float32), 1.0)
print(table.storage.tobytes().hex())
"""


def test_options_are_float32() -> None:
    assert [one.dtype for one in singles(0.1, 2)] == [np.float32, np.float32]


def test_they_do_not_stop_at_zero() -> None:
    @compiled
    def divide(one: float, other: float) -> float:
        return one / other

    assert np.isnan(divide(0.0, 0.0))
    assert divide(1.0, 0.0) == np.inf


@pytest.mark.slow
def test_they_run_where_nothing_can_be_kept(tmp_path: Path) -> None:
    """Neither beside the code nor in the user's cache; the result is the same."""
    found = []
    for locators in ("", "models.none:Locator"):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": "/proc/none"}
        environment |= {"NUMBA_CACHE_LOCATOR_CLASSES": locators} if locators else {}
        ran = subprocess.run(
            [sys.executable, "-c", RUN], env=environment, capture_output=True, text=True, check=True
        )
        found.append(ran.stdout.split()[-1])
    assert found[0] == found[1]
