from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import Simulation, simulate


def small(**changes: Any) -> SimulatorConfig:
    """A world of 200 users, few enough that each asks often."""
    values = {"rows": 20_000, "seed": 7, "users": 200, "items": 500, "shard_rows": 7_000}
    return SimulatorConfig(**{**values, **changes})


@pytest.fixture(scope="session")
def make() -> Any:
    return small


@pytest.fixture(scope="session")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    return simulate(small(), tmp_path_factory.mktemp("simulator") / "log")


@pytest.fixture(scope="session")
def rows() -> Any:
    def read(folder: Path) -> Any:
        return pq.read_table(folder)

    return read
