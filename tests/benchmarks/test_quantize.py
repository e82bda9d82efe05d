"""The costs of widths: in order, and mixed ones below one width of their size."""

import pytest

from benchmarks.quantize import UNIFORM, costs
from pipelines.config import load_config
from pipelines.run import Run
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import simulate
from pipelines.train import train

CONFIG = """
[data]
paths = "log/log"
label = "click"
split = { type = "time", column = "timestamp", train = 0.8, valid = 0.1, test = 0.1 }

[[features]]
type = "id"
columns = ["user_id", "item_id", "hour"]

[model]
type = "dnn"
dim = 8
hidden = [8]

[train]
epochs = 1
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("quantize")
    simulate(SimulatorConfig(rows=5_000, users=300, items=200), folder / "log")
    (folder / "small.toml").write_text(CONFIG)
    return train(load_config(folder / "small.toml"), folder / "run", lambda *_: None)


def test_costs_by_size(run: Run) -> None:
    found = costs(run, sizes=[0.3])
    shares = [one.share for one in found]
    assert shares == sorted(shares, reverse=True)
    by = {one.tables: one for one in found}
    assert len(by) == len(UNIFORM) + 1
    # A row of 8: eight codes of a byte and a scale of two, of 32 bytes.
    assert by["`int8`"].share == pytest.approx(10 / 32)
    assert by["`int4`"].foretold > by["`int8`"].foretold
    mixed = by["`mixed`, `size = 0.3`"]
    assert mixed.share <= 0.3
    assert mixed.foretold < by["`int4_affine`"].foretold
    assert mixed.row.startswith("| `mixed`, `size = 0.3` | 0.")
