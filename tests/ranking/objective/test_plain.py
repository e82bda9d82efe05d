"""The plain objective against XGBoost's own: the same trees."""

from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from ranking.objective.lambdas import Lambdas
from ranking.objective.loss import Loss
from ranking.objective.plain import Plain

TREES: dict[str, Any] = {"eta": 0.2, "max_depth": 4, "base_score": 0, "nthread": 1}
ROUNDS = 6


def _native(loss: Loss) -> dict[str, Any]:
    own = {
        "objective": f"rank:{loss.metric}",
        "lambdarank_pair_method": loss.method,
        "lambdarank_normalization": loss.normalization,
        "lambdarank_score_normalization": loss.score_normalization,
        "ndcg_exp_gain": loss.exponential_gain,
    }
    return own if loss.pairs is None else own | {"lambdarank_num_pair_per_sample": loss.pairs}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "loss",
    [
        Loss(),
        Loss(pairs=4, exponential_gain=False),
        Loss(normalization=False, pairs=7),
        Loss(score_normalization=False),
        Loss(method="mean"),
        Loss(method="mean", pairs=3, normalization=False),
        Loss(metric="map"),
        Loss(metric="map", method="mean", pairs=2, score_normalization=False),
        Loss(metric="pairwise"),
        Loss(metric="pairwise", method="mean", pairs=2),
    ],
    ids=lambda loss: " ".join(str(value) for value in loss.model_dump().values()),
)
def test_trees_are_those_of_xgboost(sized: Any, loss: Loss, weighted: bool) -> None:
    label = np.minimum(sized.grade, 1) if loss.metric == "map" else sized.grade
    weight = sized.weight if weighted else None
    matrix = xgb.DMatrix(sized.matrix, label, group=sized.sizes, weight=weight)
    native = xgb.train(TREES | _native(loss), matrix, ROUNDS)
    objective = Plain(Lambdas(label, sized.sizes, weight=weight, loss=loss))
    own = xgb.train(TREES, matrix, ROUNDS, obj=lambda scores, _: objective(scores))
    np.testing.assert_allclose(
        own.inplace_predict(sized.matrix, predict_type="margin"),
        native.inplace_predict(sized.matrix, predict_type="margin"),
        atol=1e-6,
    )
    assert own.get_dump() == native.get_dump()


def test_rows_that_a_leaf_parts_have_the_gradients_of_xgboost(sized: Any) -> None:
    """At scores of our choice: the leaves of one deep tree are sums over one row or a few."""
    rows = len(sized.grade)
    each = np.arange(rows, dtype=np.float32)[:, None]
    options = {"max_bin": rows + 2, "tree_method": "hist"}
    matrix = xgb.QuantileDMatrix(each, sized.grade, group=sized.sizes, max_bin=rows + 2)
    matrix.set_base_margin(sized.scores)
    apart = {"eta": 1, "lambda": 0, "min_child_weight": 0, "max_depth": 0, "max_leaves": rows}
    growth = {"grow_policy": "lossguide", "nthread": 1, "base_score": 0}
    tree = xgb.train({**options, **apart, **growth, "objective": "rank:ndcg"}, matrix, 1)
    leaf = tree.predict(xgb.DMatrix(each), pred_leaf=True).astype(int)
    table = tree.trees_to_dataframe().set_index("Node")
    found = Lambdas(sized.grade, sized.sizes)(sized.scores)
    leaves = np.unique(leaf)
    assert len(leaves) > 0.8 * rows
    hessian = np.bincount(leaf, found.hessian)[leaves]
    np.testing.assert_allclose(hessian, table.loc[leaves, "Cover"], atol=1e-5)
    gradient = np.bincount(leaf, found.gradient)[leaves]
    np.testing.assert_allclose(-gradient, table.loc[leaves, "Gain"] * hessian, atol=1e-5)


def test_it_goes_on_with_the_pairs_it_would_have_drawn(sized: Any) -> None:
    lambdas = Lambdas(sized.grade, sized.sizes, loss=Loss(method="mean"))
    whole, again = Plain(lambdas), Plain(lambdas)
    assert whole.bias == {}
    first, second = (whole(sized.scores)[0] for _ in range(2))
    again.restore({"objective": "plain", "rounds": 1, "bias": {}})
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(again(sized.scores)[0], second)
    assert again.state == whole.state
