"""A run's [rerank], from its configuration into its bundle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from features.errors import ConfigError
from pipelines.config import load_config
from pipelines.run import Run
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import simulate
from pipelines.train import train
from serving.bundle import open_bundle
from serving.scorer import Scorer

CONFIG = """
[data]
paths = "log/log"
label = "click"
query = "query_id"
position = "position"

[[features]]
type = "id"
columns = ["item_id", "item_category"]

[ranker]
rounds = 2
"""
RERANK = """
[rerank]
depth = 7

[[rerank.rules]]
type = "cap"
column = "seller"
most = 1
top = 5

[rerank.exploration]
type = "swap"
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("world")
    simulate(SimulatorConfig(rows=2000, users=50, items=40, queries_per_day=20), folder / "log")
    (folder / "shop.toml").write_text(CONFIG + RERANK)
    return train(load_config(folder / "shop.toml"), folder / "run", lambda *_: None)


def test_the_bundle_has_the_rules_of_the_run_or_of_a_file(
    run: Run, crossrank: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "other.toml").write_text(CONFIG + RERANK.replace("depth = 7", "depth = 9"))
    (tmp_path / "none.toml").write_text(CONFIG)
    versions = set()
    for name, options, depth in (
        ("own", (), 7),
        ("other", ("--rerank", tmp_path / "other.toml"), 9),
        ("none", ("--rerank", tmp_path / "none.toml"), None),
    ):
        out = tmp_path / name
        assert crossrank("export", run.folder, "--out", out, *options).code == 0
        manifest = open_bundle(out)
        versions.add(manifest.version)
        assert Scorer.load(out).manifest == manifest
        assert (None if manifest.rerank is None else manifest.rerank.depth) == depth
    assert len(versions) == 3  # another list, another version


def test_rules_must_fit_the_columns_of_the_model(run: Run, tmp_path: Path) -> None:
    rule = CONFIG + RERANK.replace('"cap"', '"drop"').replace(
        'column = "seller"\nmost = 1\ntop = 5', 'when = [["item_id", "<", 3]]'
    )
    (tmp_path / "shop.toml").write_text(rule)
    with pytest.raises(ConfigError, match="column 'item_id' must be read as a number"):
        load_config(tmp_path / "shop.toml")


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("rerank.dept=3", r"rerank\.dept is not a known key. Did you mean 'depth'"),
        ("rerank.depth=3", "reach down to 5 rows"),
        ('rerank.exploration.type="swop"', r"rerank\.exploration\.type must be one of"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, override: str, said: str) -> None:
    (tmp_path / "shop.toml").write_text(CONFIG + RERANK)
    with pytest.raises(ConfigError, match=said):
        load_config(tmp_path / "shop.toml", [override])
