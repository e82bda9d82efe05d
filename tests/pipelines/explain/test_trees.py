import numpy as np
import pytest
import xgboost as xgb

from features.batch import Batch
from features.layout import IdField, Layout, NumericField
from pipelines.explain.trees import tree_shap
from pipelines.players import Players
from ranking.lambdamart.ranker import Ranker

LAYOUT = Layout(
    fields=(NumericField(name="picture", width=2), IdField(name="item", vocabulary="item")),
    vocabularies={"item": 9},
)


@pytest.fixture(scope="module")
def ranked() -> tuple[Ranker, np.ndarray]:  # type: ignore[type-arg]
    random = np.random.default_rng(0)
    ids = random.integers(0, 9, (400, 1)).astype(np.int32)
    batch = Batch(ids, random.normal(size=(400, 2)).astype(np.float32))
    matrix = batch.matrix(random.normal(size=400).astype(np.float32))
    label = matrix[:, 0] * matrix[:, 1] + matrix[:, 3] + (ids[:, 0] == 3)
    data = xgb.DMatrix(matrix, label=label)
    booster = xgb.train({"max_depth": 3, "nthread": 1}, data, 20)
    return Ranker(booster, LAYOUT.matrix_names(logit=True), {}), matrix


def test_contributions_add_up_to_the_margin_by_declared_feature(ranked) -> None:  # type: ignore[no-untyped-def]
    ranker, matrix = ranked
    found = tree_shap(ranker, matrix, LAYOUT, Players(LAYOUT))
    assert found.names == ("picture", "item", "ctr_logit")
    np.testing.assert_allclose(found.score, ranker.predict(matrix))
    assert found.gap < 1e-4
    raw = ranker.booster.predict(xgb.DMatrix(matrix), pred_contribs=True)
    np.testing.assert_allclose(found.values[:, 0], raw[:, 0] + raw[:, 1], atol=1e-6)
    assert set(list(found.sizes)[:2]) == {"picture", "ctr_logit"}


def test_without_a_model_there_is_no_logit() -> None:
    random = np.random.default_rng(1)
    matrix = random.normal(size=(100, 3)).astype(np.float32)
    booster = xgb.train({"nthread": 1}, xgb.DMatrix(matrix, label=matrix[:, 2]), 5)
    found = tree_shap(Ranker(booster, (), {}), matrix, LAYOUT, Players(LAYOUT))
    assert found.names == ("picture", "item")
    assert np.abs(found.values[:, 1]).mean() > 5 * np.abs(found.values[:, 0]).mean()
