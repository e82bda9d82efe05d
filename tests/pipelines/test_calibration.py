"""From [calibration] to what a bundle serves."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest

from features.errors import BundleError, ConfigError, DataError
from features.layout import IdField, Layout
from pipelines.calibration import CalibrationConfig, calibrate
from pipelines.config import check_config, load_config
from pipelines.run import Run
from pipelines.scoring import PROBABILITY, RANK, UNCALIBRATED, score
from serving.bundle import open_bundle, seal
from serving.calibration.outcomes import Outcomes
from serving.calibration.platt import Platt
from serving.calibration.segmented import Segmented
from serving.calibration.store import FILE
from serving.engine import Engine
from serving.scorer import Scorer
from serving.settings import Settings

CONFIG = """
name = "thinned"
[data]
paths = "train.parquet"
valid_paths = "valid.parquet"
test_paths = "test.parquet"
label = "click"
query = "query_id"
[[features]]
type = "id"
columns = ["user_age", "item_category", "hour"]
[[features]]
type = "numeric"
column = "item_price"
[model]
type = "wide_deep"
dim = 2
hidden = [8]
[train]
epochs = 2
batch_size = 128
[calibration]
type = "platt"
"""


@pytest.fixture(scope="module")
def thinned(world: Any) -> Path:
    """A configuration over a log that lost 4 of 5 negatives of its training part, untold."""
    folder: Path = world.folder / "thinned"
    folder.mkdir()
    log = pl.read_parquet(world.simulation.log_files).sort("timestamp", maintain_order=True)
    train, valid, test = log[:10_000], log[10_000:15_000], log[15_000:]
    kept = pl.Series(np.random.default_rng(0).random(10_000) < 0.2)
    train.filter((pl.col("click") == 1) | kept).write_parquet(folder / "train.parquet")
    valid.write_parquet(folder / "valid.parquet")
    test.write_parquet(folder / "test.parquet")
    (folder / "thinned.toml").write_text(CONFIG)
    return folder / "thinned.toml"


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(["type=platt"], marks=pytest.mark.slow),
        ["type=beta", "segment=user_age", "min_rows=300"],
        pytest.param(
            ["type=isotonic", "segment=item_category", "min_rows=600"], marks=pytest.mark.slow
        ),
    ],
    ids=lambda settings: settings[0],
)
def test_a_miscalibrated_model_is_mended_from_log_to_server(
    crossrank: Callable[..., Any], thinned: Path, tmp_path: Path, settings: list[str]
) -> None:
    folder, options = (
        thinned.parent,
        [word for one in settings for word in ("--set", f"calibration.{one}")],
    )
    run = folder / "runs" / settings[0].partition("=")[2]
    trained = crossrank("train", thinned, "--out", run, "--json", *options)
    assert trained.code == 0, trained.err
    for metrics in (trained.json["valid"], crossrank("evaluate", run, "--json").json["metrics"]):
        before, after = metrics["uncalibrated"], metrics["ctr"]
        assert before["PCOC"] > 2
        assert after["PCOC"] == pytest.approx(1, abs=0.15)
        assert after["ECE(bins=20)"] < 0.25 * before["ECE(bins=20)"]
        assert after["LogLoss"] < before["LogLoss"] - 0.05

    bundle, scores = tmp_path / "bundle", tmp_path / "scores.parquet"
    assert crossrank("export", run, "--out", bundle, "--quantize", "none").code == 0
    manifest = open_bundle(bundle)
    assert manifest.calibration
    assert FILE in manifest.files
    assert manifest.metrics["uncalibrated.PCOC"] > 2
    assert crossrank("predict", bundle, folder / "test.parquet", "--out", scores).code == 0
    expected = score(Run(run).prepared.part("test"), Run(run).model, None, Run(run).calibration)
    for column in (PROBABILITY, RANK):
        np.testing.assert_allclose(pl.read_parquet(scores)[column], expected[column], atol=1e-5)
    assert (expected[PROBABILITY] < expected[UNCALIBRATED]).mean() > 0.95

    engine = Engine(bundle, Settings())
    engine.prepare()  # scores the golden requests
    engine.require_ready()
    raw = pl.read_parquet(folder / "test.parquet").head(200)
    columns = raw.select(engine.scorer.encoder.schema.columns).to_dict(as_series=False)
    answer = orjson.loads(engine.score(orjson.dumps({"columns": columns})))
    served = np.float32(answer["probabilities"])
    np.testing.assert_array_equal(served, pl.read_parquet(scores)[PROBABILITY][:200])


def test_segments_are_the_encoders_rows(thinned: Path, crossrank: Callable[..., Any]) -> None:
    options = ("calibration.segment=user_age", "calibration.min_rows=300")
    out = thinned.parent / "runs" / "age"
    overrides = [word for one in options for word in ("--set", one)]
    assert crossrank("train", thinned, "--out", out, *overrides).code == 0
    run = Run(out)
    found = run.calibration
    assert isinstance(found, Segmented)
    valid = pl.read_parquet(thinned.parent / "valid.parquet")
    encoded = run.encoder.encode(valid)["user_age"]
    assert run.model is not None
    logits = run.model.logits(run.prepared.part("valid").batches(1000))
    fitted = set()
    for age in valid["user_age"].unique():
        rows = (valid["user_age"] == age).to_numpy()
        (segment,) = set(encoded.filter(rows))
        if segment in found.segments:
            assert rows.sum() >= 300
            expected = Platt.fit(Outcomes.of(logits[rows], valid["click"].to_numpy()[rows]))
            assert found.segments[segment] == expected
            fitted.add(segment)
    assert fitted == set(found.segments)
    assert len(fitted) > 1


@pytest.fixture(scope="module")
def isotonic(world: Any) -> Path:
    """The shared run with a calibration."""
    from pipelines.train import train

    config = load_config(world.config, ["calibration.type=isotonic"])
    return train(config, world.folder / "runs" / "isotonic", lambda *_: None).folder


def test_the_model_and_the_ranker_are_those_without_a_calibration(
    world: Any, isotonic: Path
) -> None:
    run, plain = Run(isotonic), world.run
    assert plain.calibration is None
    assert run.metrics["uncalibrated"] == plain.metrics["ctr"]
    assert run.metrics["ranker"] == plain.metrics["ranker"]
    found = score(run.prepared.part("test"), run.model, run.ranker, run.calibration)
    expected = score(plain.prepared.part("test"), plain.model, plain.ranker)
    assert found[RANK].equals(expected[RANK])
    assert found[UNCALIBRATED].equals(expected[PROBABILITY], check_names=False)
    assert not found[PROBABILITY].equals(expected[PROBABILITY])


def test_a_bundles_ranker_reads_the_raw_logit(
    world: Any, isotonic: Path, crossrank: Callable[..., Any], tmp_path: Path
) -> None:
    assert crossrank("export", isotonic, "--out", tmp_path / "b", "--quantize", "none").code == 0
    raw = pl.read_parquet(world.simulation.log_files[-1]).head(500)
    found, expected = (
        Scorer.load(one).score(raw) for one in (tmp_path / "b", world.float_bundle.folder)
    )
    np.testing.assert_array_equal(found.rank, expected.rank)
    assert found.probability is not None
    assert expected.probability is not None
    assert np.abs(found.probability - expected.probability).max() > 1e-3
    versions = {open_bundle(one).version for one in (tmp_path / "b", world.float_bundle.folder)}
    assert len(versions) == 2


def test_metrics_of_validation_are_not_of_rows_it_was_fitted_to(
    crossrank: Callable[..., Any], isotonic: Path
) -> None:
    fitted = crossrank("evaluate", isotonic, "--part", "valid", "--json").json["metrics"]["ctr"]
    fair = Run(isotonic).metrics["ctr"]
    assert fitted["LogLoss"] < fair["LogLoss"]
    assert fitted["ECE(bins=20)"] < fair["ECE(bins=20)"]


class Fixed:
    """A model and its validation part in one: logits that are given."""

    def __init__(self, logits: np.ndarray, roles: dict[str, Any]) -> None:
        self._logits, self._roles = logits, pl.DataFrame(roles)
        self.rows = len(logits)
        self.manifest = self

    @property
    def roles(self) -> list[str]:
        return [name.removeprefix("__") for name in self._roles.columns]

    def batches(self, _: int) -> list[Any]:
        return []

    def logits(self, _: Any) -> np.ndarray:
        return self._logits

    def frame(self, columns: list[str]) -> pl.DataFrame:
        return self._roles.select(columns)


def test_either_half_is_held_out_whole_queries_at_a_time() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(-1, 1, 4000).astype(np.float32)
    label = (rng.random(4000) < 1 / (1 + np.exp(-0.5 * logits))).astype(np.float32)
    weight = rng.uniform(0.5, 2, 4000).astype(np.float32)
    query = np.repeat(rng.permutation(400), 10)
    part: Any = Fixed(logits, {"__label": label, "__weight": weight, "__query": query})
    found = calibrate(CalibrationConfig(type="platt"), part, part)
    assert found.calibration == Platt.fit(Outcomes.of(logits, label, weight))
    odd = query % 2 == 1
    for half in (odd, ~odd):
        other = Platt.fit(Outcomes.of(logits[~half], label[~half], weight[~half]))
        expected = other.apply(logits[half])
        np.testing.assert_allclose(found.held_out[half], expected, rtol=1e-5)


def test_a_half_that_allows_no_curve_is_held_out_as_it_is() -> None:
    """Twelve clicks in all: the whole allows a curve, half of it does not."""
    logits = np.linspace(-4, 0, 400).astype(np.float32)
    label = np.zeros(400, np.float32)
    label[-80::7] = 1
    part: Any = Fixed(logits, {"__label": label, "__query": np.arange(400) // 40})
    found = calibrate(CalibrationConfig(type="platt"), part, part)
    np.testing.assert_allclose(found.held_out[:100], 1 / (1 + np.exp(-logits[:100])), rtol=1e-5)
    assert np.abs(found.calibration.apply(logits) - found.held_out).max() > 0.01


def test_a_damaged_calibration_is_a_damaged_bundle(
    isotonic: Path, crossrank: Callable[..., Any], tmp_path: Path
) -> None:
    whole = tmp_path / "whole"
    assert crossrank("export", isotonic, "--out", whole).code == 0
    damages: dict[str, Callable[[Path], Any]] = {
        "must hold 'calibration.json'": lambda file: file.unlink(),
        "sha256": lambda file: file.write_text(file.read_text().replace("-", "+", 1)),
    }
    sealed: dict[str, Callable[[Path], Any]] = {
        "must exist": lambda file: file.unlink(),
        "must be JSON": lambda file: file.write_text("{"),
        "must be a calibration": lambda file: file.write_text('{"type": "isotonic"}'),
    }
    for words, damage in [*damages.items(), *sealed.items()]:
        copy = tmp_path / "copy"
        shutil.copytree(whole, copy)
        damage(copy / FILE)
        if words in sealed:
            seal(copy, open_bundle(whole))
        with pytest.raises(BundleError, match=words):
            Scorer.load(copy)
        shutil.rmtree(copy)


def test_a_bundle_from_before_calibrations_loads(world: Any, tmp_path: Path) -> None:
    shutil.copytree(world.float_bundle.folder, tmp_path / "old")
    file = tmp_path / "old" / "manifest.json"
    document = json.loads(file.read_text())
    assert document.pop("calibration") is False
    file.write_text(json.dumps(document))
    Scorer.load(tmp_path / "old").verify(tmp_path / "old")


def test_a_damaged_calibration_of_a_run_says_to_train_again(isotonic: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(isotonic, copy)
    (copy / FILE).write_text("[]")
    with pytest.raises(DataError, match=r"calibration\.json.*train` again"):
        _ = Run(copy).calibration


def document(world: Any, **sections: Any) -> dict[str, Any]:
    whole = load_config(world.config).model_dump(mode="json")
    return whole | {"calibration": {"type": "platt"}} | sections


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ({"calibration": {"type": "magic"}}, r"calibration\.type.*'platt', 'beta' or 'isotonic'"),
        ({"calibration": {}}, r"calibration\.type must be given"),
        ({"calibration": {"type": "beta", "min_row": 5}}, "Did you mean 'min_rows'"),
        ({"calibration": {"type": "beta", "min_rows": 0}}, r"calibration\.min_rows"),
        ({"calibration": {"type": "beta", "segment": "user_ag"}}, "Did you mean 'user_age'"),
        ({"calibration": {"type": "beta", "segment": "item_price"}}, "got 'item_price'"),
        ({"calibration": {"type": "beta", "segment": "history"}}, "one id, of: user_age, item_id"),
        ({"model": None}, r"Remove \[calibration\]"),
    ],
)
def test_a_wrong_declaration_is_refused(world: Any, sections: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        check_config(document(world, **sections), world.folder)


def test_an_id_of_several_rows_is_no_segment(world: Any) -> None:
    given = document(world, calibration={"type": "platt", "segment": "item_id"})
    check_config(given, world.folder)
    brand = {"type": "id", "name": "brand", "column": "item_brand", "buckets": 50, "hashes": 2}
    given["features"].append(brand)
    given["calibration"]["segment"] = "brand"
    with pytest.raises(ConfigError, match="got 'brand'"):
        check_config(given, world.folder)


def test_too_small_a_validation_part_is_refused_before_training(
    crossrank: Callable[..., Any], thinned: Path, tmp_path: Path
) -> None:
    few = pl.read_parquet(thinned.parent / "valid.parquet")
    few = pl.concat([few.filter(pl.col("click") == 1).head(9), few.filter(pl.col("click") == 0)])
    few.write_parquet(tmp_path / "few.parquet")
    stages = ("--set", f"data.valid_paths={tmp_path / 'few.parquet'}")
    answer = crossrank("train", thinned, "--out", tmp_path / "run", *stages)
    assert answer.code == 1
    assert "at least 10 rows of each label in the validation part; it has 9 of 1" in answer.err
    assert "train, epoch" not in answer.err
    assert not (tmp_path / "run").exists()


def test_every_feature_that_may_be_a_segment_is_one_column_of_ids(world: Any) -> None:
    layout: Layout = world.run.encoder.layout
    named = [one.name for one in world.run.encoder.schema.features]
    for name in named:
        config = CalibrationConfig(type="platt", segment=name)
        if name in [one.name for one in layout.fields if isinstance(one, IdField)]:
            config.require(world.run.encoder.schema)
        else:
            with pytest.raises(ConfigError):
                config.require(world.run.encoder.schema)
