"""Cosines of embeddings as a ranker's columns, from the configuration to a bundle's answers."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import orjson
import polars as pl
import pytest

from features.errors import ConfigError
from pipelines.config import Config
from pipelines.export import export
from pipelines.quantization.config import ExportConfig
from pipelines.run import Run
from pipelines.scoring import RANK, matrix, score
from pipelines.train import train
from serving.engine import Engine
from serving.settings import Settings

PAIRS = [["history", "item"], ["noise", "item"]]
NAMES = ("cosine(history,item)", "cosine(noise,item)")


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Report to nobody."""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def run(place: Path, log: Path, configured: Callable[..., Config]) -> Run:
    """Its ranker reads nothing but the cosines, so that the scores are theirs."""
    if (place / "run").exists():
        return Run(place / "run")
    weights = dict.fromkeys(["taste", "noise", "item", "history", "ctr_logit"], 0.0)
    ranker = {"rounds": 15, "unbiased": False, "feature_weights": weights}
    config = configured(
        log,
        stacking={"folds": 2, "cosines": PAIRS},
        ranker={**ranker, "colsample_bynode": 0.9, "patience": 15},
    )
    return train(config, place / "run", silent, root=log)


def test_they_are_columns_out_of_fold_and_on_validation(run: Run) -> None:
    assert run.ranker is not None
    assert run.unseen is not None
    assert run.ranker.names[-3:] == ("ctr_logit", *NAMES)
    rows, valid = run.prepared.part("train"), run.prepared.part("valid")
    assert run.unseen.values.shape == (rows.rows, 3)
    for found in (matrix(rows, run.unseen)[0], matrix(valid, run.opinions)[0]):
        cosines = found[:, -2:]
        assert np.abs(cosines).max() <= 1
        np.testing.assert_array_equal(cosines, np.rint(cosines * 128) / 128)
        assert np.ptp(cosines, axis=0).min() > 0.5


def test_a_server_answers_as_the_run_scores(run: Run, raw: pl.DataFrame, place: Path) -> None:
    exported = export(run, place / "bundle", ExportConfig(quantize="none"))
    assert [one.name for one in exported.manifest.cosines] == list(NAMES)
    engine = Engine(place / "bundle", Settings())
    engine.prepare()
    assert engine.ready
    rows = raw.filter(pl.col("part") == "valid").head(60)
    columns = rows.select(run.encoder.schema.columns).to_dict(as_series=False)
    answer = orjson.loads(engine.score(orjson.dumps({"columns": columns})))
    scored = score(run.prepared.part("valid"), run.model, run.ranker, cosines=run.cosines)
    expected = scored[RANK].head(60).to_numpy()
    np.testing.assert_allclose(answer["scores"], expected, atol=1e-5)
    assert np.ptp(expected) > 0.1


def test_a_model_without_such_embeddings_is_refused_before_it_is_trained(
    log: Path, configured: Callable[..., Config], place: Path
) -> None:
    stacking = {"folds": 2, "cosines": [["item", "noise"]]}
    config = configured(log, stacking=stacking, model={"type": "lr"})
    heard: list[str] = []
    with pytest.raises(ConfigError, match="embeddings of in one table; item and noise are not"):
        train(config, place / "none", lambda stage, *_: heard.append(stage), root=log)
    assert not [stage for stage in heard if stage.startswith("train")]
