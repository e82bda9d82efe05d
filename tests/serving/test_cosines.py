"""A bundle whose ranker reads cosines of embeddings, held against them worked out one by one."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import xgboost as xgb

from features.batch import Batch
from features.errors import BundleError
from features.rows import RowSpace
from serving.bundle import Manifest, seal
from serving.scorer import Scorer


@pytest.fixture(params=["cosines", "cosines-int8"])
def bundle(request: pytest.FixtureRequest, world: Any) -> Path:
    folder: Path = world.bundles[request.param]
    return folder


def weights(bundle: Path) -> np.ndarray:
    """The embeddings as they are in the bundle."""
    tables = bundle / "tables"
    if (tables / "embedding.float32.npy").exists():
        return np.load(tables / "embedding.float32.npy").astype(np.float64)
    scales = np.load(tables / "embedding.int8.headers.npy").astype(np.float64)
    return (np.load(tables / "embedding.int8.codes.npy") - 128.0) * scales


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    length = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / length if length else 0.0


def one_by_one(bundle: Path, encoded: pl.DataFrame, layout: Any) -> np.ndarray:
    table, starts = weights(bundle), RowSpace(layout).starts
    found = []
    for row in encoded.iter_rows(named=True):
        item = table[starts["item"] + row["item"]]
        user = table[starts["user"] + row["user"]]
        seen = [table[starts["item"] + one] for one in row["history"]]
        mean = np.mean(seen, axis=0) if seen else np.zeros_like(item)
        found.append([cosine(mean, item), cosine(user, item)])
    return np.array(found, np.float32)


def test_a_server_ranks_by_the_columns_that_training_made(
    bundle: Path, world: Any, columns: dict[str, list[Any]], running: Any, post: Any
) -> None:
    raw = world.raw.head(20)
    encoded = world.encoder.encode(raw)
    batch = Batch.from_frame(encoded, world.encoder.layout)
    with running(bundle) as client:
        answer = post(client, {"columns": columns})
    odds = np.array(answer["probabilities"])
    logits = np.log(odds / (1 - odds)).astype(np.float32)
    expected = batch.matrix(logits, one_by_one(bundle, encoded, world.encoder.layout))
    booster = xgb.Booster(model_file=bundle / "ranker" / "trees.ubj")
    np.testing.assert_allclose(
        answer["scores"], booster.inplace_predict(expected, predict_type="margin"), atol=1e-6
    )
    assert np.ptp(expected[:, -2]) > 0.1
    assert booster.num_features() == expected.shape[1]


def test_they_matter_to_the_scores(bundle: Path, world: Any) -> None:
    """Trees split by them, so that a wrong column would be seen."""
    booster = xgb.Booster(model_file=bundle / "ranker" / "trees.ubj")
    last = booster.num_features() - 1
    assert {f"f{last}", f"f{last - 1}"} <= booster.get_score().keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cosines": []}, "must read the .* columns that the manifest tells"),
        (
            {"cosines": [{"table": "wide", "fields": ["user", "item"]}] * 2},
            "in table 'wide'; it holds those of nothing.*Export the model again",
        ),
        (
            {"cosines": [{"table": "embedding", "fields": ["price", "item"]}] * 2},
            "not of price. Export the model again",
        ),
    ],
)
def test_a_bundle_whose_manifest_tells_other_columns_is_refused(
    world: Any, tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    shutil.copytree(world.bundles["cosines"], tmp_path / "bundle")
    document = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    seal(tmp_path / "bundle", Manifest.model_validate({**document, **change}))
    with pytest.raises(BundleError, match=message):
        Scorer.load(tmp_path / "bundle")


def test_without_cosines_the_manifest_of_an_earlier_version_is_read(
    world: Any, tmp_path: Path
) -> None:
    shutil.copytree(world.bundles["float"], tmp_path / "bundle")
    manifest = tmp_path / "bundle" / "manifest.json"
    document = json.loads(manifest.read_text())
    assert document.pop("cosines") == []
    manifest.write_text(json.dumps(document))
    Scorer.load(tmp_path / "bundle").verify(tmp_path / "bundle")
