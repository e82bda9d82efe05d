"""A ranker of prepared data: in memory, from pages, and of another kind."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import BundleError, ConfigError
from pipelines.config import check_config
from pipelines.export import export
from pipelines.quantization.config import ExportConfig
from pipelines.run import Run
from pipelines.scoring import RANK, score
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import simulate
from pipelines.train import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("log")
    simulate(SimulatorConfig(rows=3000, users=100, items=80), place / "log")
    return place


def trained(folder: Path, out: Path, **ranker: Any) -> Run:
    config = {
        "name": "ranked",
        "data": {"paths": "log/log", "label": "click", "query": "query_id", "position": "position"},
        "features": [
            {"type": "id", "columns": ["item_id", "item_category"]},
            {"type": "numeric", "column": "item_price"},
        ],
        "ranker": {"rounds": 6, "max_depth": 3, **ranker},
    }
    return train(check_config(config, folder), out, lambda *_: None, root=folder)


def scores(run: Run) -> np.ndarray:
    found: pl.DataFrame = score(run.prepared.part("valid"), run.model, run.ranker)
    return found[RANK].to_numpy()


def test_from_pages_it_is_the_same(folder: Path, tmp_path: Path) -> None:
    near = trained(folder, tmp_path / "near", categorical=["item_category"])
    far = trained(folder, tmp_path / "far", categorical=["item_category"], page_rows=200)
    np.testing.assert_allclose(scores(far), scores(near), atol=1e-6)
    assert near.ranker is not None
    assert far.ranker is not None
    assert far.ranker.bias == near.ranker.bias
    names = {path.name for path in far.folder.iterdir()}
    assert not [name for name in names if name.startswith(".pages")]


def test_the_metric_that_chooses_is_the_reported_one(folder: Path, tmp_path: Path) -> None:
    run = trained(folder, tmp_path / "run", metric="MRR", rounds=12, patience=3)
    rounds = [one["MRR"] for one in run.history["rounds"]]
    assert max(rounds) == pytest.approx(run.metrics["ranker"]["MRR"], abs=1e-9)


def test_one_of_lightgbm_is_compared_but_not_exported(folder: Path, tmp_path: Path) -> None:
    run = trained(folder, tmp_path / "run", type="lightgbm", min_data_in_leaf=5)
    assert run.ranker is not None
    assert run.ranker.kind == "lightgbm"
    assert np.ptp(scores(run)) > 0
    assert 0 < run.metrics["ranker"]["nDCG@10"] < 1
    with pytest.raises(BundleError, match="must be of kind xgboost.*is of kind lightgbm"):
        export(run, tmp_path / "bundle")


def test_a_ranker_alone_has_no_budget_of_probabilities(folder: Path, tmp_path: Path) -> None:
    run = trained(folder, tmp_path / "run")
    with pytest.raises(ConfigError, match=r"export\.budget is of a click model's probabilities"):
        export(run, tmp_path / "bundle", ExportConfig(budget={"AUC": 0.1}))
    assert not (tmp_path / "bundle").exists()
    assert export(run, tmp_path / "bundle").quality is None
