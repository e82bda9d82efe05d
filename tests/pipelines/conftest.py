"""One small run, end to end, that the pipeline tests share."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines import cli
from pipelines.config import load_config
from pipelines.export import Exported, export
from pipelines.quantization.config import ExportConfig
from pipelines.run import Run
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import Simulation, simulate
from pipelines.train import train

CONFIG = """
name = "small"

[data]
paths = "log/log"
truth = "log"
label = "click"
query = "query_id"
position = "position"

[data.split]
type = "time"
column = "timestamp"
train = 0.6
ranker = 0.15
valid = 0.1
test = 0.15

[[features]]
type = "id"
columns = ["user_age", "item_id", "item_category", "hour"]
min_count = 2

[[features]]
type = "numeric"
column = "item_price"
log = true

[[features]]
type = "sequence"
column = "history"
vocabulary = "item_id"
max_length = 5

[model]
type = "dcn_v2"
dim = 4
cross_layers = 1
hidden = [16]

[train]
epochs = 8
patience = 8
batch_size = 256

[ranker]
rounds = 10
"""


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class World:
    """A simulated log, the run trained on it, and its float and int8 bundles."""

    folder: Path
    simulation: Simulation
    config: Path
    run: Run
    float_bundle: Exported
    int8_bundle: Exported


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    settings = SimulatorConfig(rows=20_000, users=500, items=200, queries_per_day=100)
    simulation = simulate(settings, folder / "log")
    config = folder / "small.toml"
    config.write_text(CONFIG)
    run = train(load_config(config), folder / "runs" / "small", silent)
    return World(
        folder,
        simulation,
        config,
        run,
        export(run, folder / "float", ExportConfig(quantize="none")),
        export(run, folder / "int8", ExportConfig(quantize="int8")),
    )


@dataclass(frozen=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def crossrank(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Answer]:
    """Run the command line in this process."""

    def call(*arguments: str | Path) -> Answer:
        monkeypatch.setattr("sys.argv", ["crossrank", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capfd.readouterr()
        return Answer(code, captured.out, captured.err)

    return call
