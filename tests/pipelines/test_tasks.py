"""Several labels, from a log to the evaluated run and its bundle."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from features.errors import BundleError, ConfigError, DataError
from models.dnn import DNN
from models.model import Model
from models.optimizers.groups import Optimizers
from pipelines.config import check_config
from pipelines.export import export
from pipelines.predict import scores_of
from pipelines.prepare import prepare
from pipelines.quantization.config import ExportConfig
from pipelines.run import Run
from pipelines.scoring import score
from pipelines.train import train
from serving.bundle import open_bundle, seal
from serving.convert import to_litert
from serving.engine import Engine
from serving.scorer import Scorer
from serving.settings import Settings

ROWS = 24_000
DOCUMENT: dict[str, Any] = {
    "name": "run",
    "data": {
        "paths": "log.parquet",
        "label": "click",
        "tasks": ["purchase"],
        "split": {"type": "order", "train": 0.6, "valid": 0.2, "test": 0.2},
    },
    "features": [{"type": "id", "columns": ["user", "item"]}],
    "model": {"type": "esmm", "dim": 4, "hidden": [16]},
    "train": {"epochs": 4, "patience": 4, "batch_size": 256},
}


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def log() -> pl.DataFrame:
    """A purchase happens only after a click; users differ in what they click, items in what is
    bought. Without a click it is not known (null) in half of the rows."""
    rng = np.random.default_rng(5)
    user, item = rng.integers(0, 40, ROWS), rng.integers(0, 40, ROWS)
    taste, worth = rng.normal(0, 1, (2, 40))
    click = rng.random(ROWS) < sigmoid(-1 + taste[user])
    purchase = click & (rng.random(ROWS) < sigmoid(-0.5 + 1.5 * worth[item]))
    known = click | (rng.random(ROWS) < 0.5)
    return pl.DataFrame(
        {
            "query": np.arange(ROWS) // 8,
            "user": user,
            "item": item,
            "click": click.astype(int),
            "purchase": pl.Series(purchase.astype(int)).set(pl.Series(~known), None),
        }
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tasks")
    log().write_parquet(folder / "log.parquet")
    return folder


def document(**sections: Any) -> dict[str, Any]:
    """With other keys in its sections."""
    return {**DOCUMENT, **{key: {**DOCUMENT.get(key, {}), **one} for key, one in sections.items()}}


def make(base: Path, name: str, **sections: Any) -> Run:
    return train(check_config(document(**sections), base), base / "runs" / name, lambda *_: None)


@pytest.fixture(scope="module")
def esmm(base: Path) -> Run:
    return make(base, "esmm", train={"monitor": "purchase:NE"})


def test_esmm_is_calibrated_over_all_impressions(esmm: Run) -> None:
    """Of rows that training never saw, null or not: what was not clicked was not bought."""
    scored = score(esmm.prepared.part("test"), esmm.model, None)
    truth = log().tail(ROWS // 5)
    bought = truth["purchase"].fill_null(0)
    assert scored["task:purchase"].to_list() == bought.to_list()
    assert scored["label"].to_list() == truth["click"].to_list()
    assert 0.05 < bought.mean() < 0.2
    for column, rate in (
        ("probability", truth["click"].mean()),
        ("probability:purchase", bought.mean()),
    ):
        assert scored[column].mean() == pytest.approx(rate, rel=0.1)
    assert (scored["probability:purchase"] <= scored["probability"]).all()


def test_metrics_are_reported_by_task(esmm: Run) -> None:
    assert list(esmm.metrics) == ["ctr", "purchase"]
    for found in esmm.metrics.values():
        assert found["AUC"] > 0.65
        assert found["PCOC"] == pytest.approx(1, abs=0.15)
    epochs = json.loads((esmm.folder / "history.json").read_text())["epochs"]
    best = min(row["purchase:NE"] for row in epochs)
    assert esmm.metrics["purchase"]["NE"] == pytest.approx(best, rel=1e-6)


@pytest.fixture(scope="module")
def ple(base: Path) -> Run:
    """On rows of which a tenth are clicked or thinned, with uncertain tasks and a ranker."""
    return make(
        base,
        "ple",
        data={
            "query": "query",
            "split": {"type": "order", "train": 0.5, "ranker": 0.1, "valid": 0.2, "test": 0.2},
            "negatives": {"rate": 0.5},
        },
        model={"type": "ple", "levels": 1, "task_weights": "uncertainty"},
        ranker={"rounds": 3, "unbiased": False},
    )


def test_what_was_not_observed_is_not_measured(ple: Run) -> None:
    """Of a family whose tasks stand side by side: the rate is that of the rows with a label."""
    scored = score(ple.prepared.part("valid"), ple.model, None)
    assert scored["task:purchase"].null_count() > 1000
    known = scored.drop_nulls("task:purchase")
    expected = roc_auc_score(known["task:purchase"], known["probability:purchase"])
    assert ple.metrics["purchase"]["AUC"] == pytest.approx(expected, abs=1e-6)
    assert expected > 0.65
    assert ple.metrics["purchase"]["PCOC"] == pytest.approx(1, abs=0.15)
    assert ple.metrics["ctr"]["PCOC"] == pytest.approx(1, abs=0.15)
    assert list(ple.metrics) == ["ctr", "purchase", "ranker"]


@pytest.fixture(scope="module")
def bundle(esmm: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(
        esmm, tmp_path_factory.mktemp("bundles") / "float", ExportConfig(quantize="none")
    ).folder


@pytest.mark.parametrize("name", ["esmm", "ple"])
def test_a_bundle_gives_the_probabilities_of_all_tasks(
    request: pytest.FixtureRequest, tmp_path: Path, name: str
) -> None:
    run: Run = request.getfixturevalue(name)
    exported = export(run, tmp_path / name, ExportConfig(quantize="none"))
    assert exported.quality is not None
    assert exported.quality.largest < 1e-4
    scored = score(run.prepared.part("test"), run.model, run.ranker)
    rows, bundle = log().tail(ROWS // 5), Scorer.load(tmp_path / name)
    found = scores_of(bundle, rows)
    assert found.columns == ["probability", "probability:purchase", "rank"]
    for column in found.columns:
        np.testing.assert_allclose(found[column], scored[column], atol=1e-4)
    assert bundle.verify(tmp_path / name) < 1e-5
    golden = pl.read_parquet(tmp_path / name / "golden.parquet")
    assert "__probability:purchase" in golden.columns


def test_a_server_answers_by_task(esmm: Run, tmp_path: Path) -> None:
    export(esmm, tmp_path / "bundle", ExportConfig(quantize="int8"))
    engine = Engine(tmp_path / "bundle", Settings())
    engine.prepare()
    assert engine.ready
    request = json.dumps({"columns": {"user": [1, 2, 3], "item": [4, 5, 99]}}).encode()
    answer = json.loads(engine.score(request))
    assert list(answer["tasks"]) == ["purchase"]
    ranked = json.loads(engine.rank(request))["ranking"]
    for one in ranked:
        row = one["index"]
        assert one["tasks"] == {"purchase": pytest.approx(answer["tasks"]["purchase"][row])}
        assert 0 < one["tasks"]["purchase"] < one["probability"]


def test_a_bundle_is_evaluated_by_task(
    crossrank: Callable[..., Any], esmm: Run, bundle: Path, tmp_path: Path
) -> None:
    """As the run was, on the rows of its own part, and on a log."""
    own = crossrank("evaluate", esmm.folder, "--json").json["metrics"]
    log().tail(ROWS // 5).write_parquet(tmp_path / "log.parquet")
    data = tmp_path / "log.parquet"
    found = crossrank("evaluate", bundle, "--data", data, "--json").json["metrics"]
    assert list(own) == list(found) == ["ctr", "purchase"]
    for who, metrics in own.items():
        assert found[who] == pytest.approx(metrics, rel=1e-3)


def test_a_bundle_must_hold_a_logit_for_each_label(esmm: Run, bundle: Path, tmp_path: Path) -> None:
    manifest = open_bundle(shutil.copytree(bundle, tmp_path / "bundle"))
    model = Model(DNN(dim=4, hidden=(4,)), esmm.encoder.layout, Optimizers())
    (tmp_path / "bundle" / "dense.tflite").write_bytes(to_litert(model, "none"))
    seal(tmp_path / "bundle", manifest)
    with pytest.raises(BundleError, match="must give 2 logits a row.*; it gives 1"):
        Scorer.load(tmp_path / "bundle")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"type": "dnn"}}, "data.tasks are for a model of several tasks"),
        ({"data": {"tasks": []}}, "type esmm learns several labels; .data. declares 'click' alone"),
        ({"data": {"tasks": ["ranker"]}}, "rename the column ranker"),
        ({"data": {"tasks": ["click"]}}, "labels of their own; remove click"),
        ({"data": {"tasks": ["item"]}}, "label column 'item' must not be a feature"),
        (
            {"data": {"negatives": {"rate": 0.5, "correct": "prior"}}},
            "negatives must correct the weights",
        ),
    ],
)
def test_what_does_not_hold_together_is_refused(
    base: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        check_config(document(**change), base)


def test_tasks_need_a_model(base: Path) -> None:
    with pytest.raises(ConfigError, match="data.tasks are labels that a .model. learns"):
        check_config(
            {**document(data={"query": "query"}), "model": None, "ranker": {"unbiased": False}},
            base,
        )


def test_a_part_must_hold_both_labels_of_each_task(base: Path, tmp_path: Path) -> None:
    none = log().with_columns(purchase=pl.lit(0))
    none.write_parquet(tmp_path / "log.parquet")
    with pytest.raises(DataError, match="must hold both labels of 'purchase'; all .* are 0"):
        prepare(check_config(document(), tmp_path), tmp_path, lambda *_: None)
