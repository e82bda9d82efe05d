"""Several rankers as one: the mean of their scores, each over its spread within queries."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xgboost as xgb

from ranking.lambdamart.ranker import Ranker
from ranking.query_data import QueryData


def mean(rankers: Sequence[Ranker], data: QueryData) -> Ranker:
    """Trees of all the rankers, their leaves divided by the spread of their ranker's scores.

    The spread is that within queries of `data`; rankers that order none of them are left out. The
    mean knows of no bias. Where one alone is left, it is returned as it is.
    """
    spreads = [(one, _spread(one, data)) for one in rankers]
    telling = [(one, spread) for one, spread in spreads if spread > 0]
    if len(telling) < 2:
        return telling[0][0] if telling else rankers[0]
    documents = []
    for one, spread in telling:
        documents.append(json.loads(bytes(one.booster.save_raw("json"))))
        _scale(documents[-1], 1 / (spread * len(telling)))
    booster = xgb.Booster()
    booster.load_model(bytearray(json.dumps(_joined(documents)).encode()))
    return Ranker(booster, rankers[0].names, {})


def _spread(ranker: Ranker, data: QueryData) -> float:
    """The standard deviation of scores within queries, over all rows."""
    scores, sizes = ranker.predict(data.matrix).astype(np.float64), data.sizes
    starts = np.cumsum(sizes) - sizes
    centred = scores - np.repeat(np.add.reduceat(scores, starts) / sizes, sizes)
    found = float(np.sqrt(np.mean(centred**2)))
    return found if found > 1e-9 * np.abs(scores).max() else 0.0  # rounding alone is no spread


def _scale(document: dict[str, Any], factor: float) -> None:
    for tree in _model(document)["trees"]:
        tree["base_weights"] = [factor * one for one in tree["base_weights"]]
        tree["split_conditions"] = [
            factor * value if child == -1 else value  # of a leaf it is the score
            for child, value in zip(tree["left_children"], tree["split_conditions"], strict=True)
        ]
    about = document["learner"]["learner_model_param"]
    about["base_score"] = str([factor * one for one in json.loads(about["base_score"])])


def _joined(documents: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first with the trees of all."""
    first = documents[0]
    trees = [tree for one in documents for tree in _model(one)["trees"]]
    _model(first).update(
        trees=[tree | {"id": number} for number, tree in enumerate(trees)],
        tree_info=[0] * len(trees),
        iteration_indptr=list(range(len(trees) + 1)),
    )
    _model(first)["gbtree_model_param"]["num_trees"] = str(len(trees))
    bases = [json.loads(one["learner"]["learner_model_param"]["base_score"]) for one in documents]
    first["learner"]["learner_model_param"]["base_score"] = str(np.sum(bases, axis=0).tolist())
    return first


def _model(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["learner"]["gradient_booster"]["model"]
    return found
