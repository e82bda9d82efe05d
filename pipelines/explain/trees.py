"""SHAP values of a ranker's trees."""

from __future__ import annotations

import numpy as np
import xgboost as xgb

from features.layout import Layout
from pipelines.explain.contributions import Contributions, summed
from pipelines.players import Players
from pipelines.subject import Floats
from ranking.lightgbm.ranker import LightGBMRanker
from ranking.registry import AnyRanker

METHOD = "tree shap"


def tree_shap(ranker: AnyRanker, matrix: Floats, layout: Layout, players: Players) -> Contributions:
    """Of each row's score, columns float32 (rows, columns) summed by feature.

    What a ranker is given of a CTR model, `ctr_logit` and cosines, stands by itself. The baseline
    is the mean score of the rows trained on.

    Lundberg et al., Nature Machine Intelligence 2, 2020 (https://doi.org/10.1038/s42256-019-0138-9).
    """
    if isinstance(ranker, LightGBMRanker):
        found = np.asarray(ranker.booster.predict(matrix, pred_contrib=True))
    else:
        types = ranker.booster.feature_types
        data = xgb.DMatrix(matrix, feature_types=types, enable_categorical=types is not None)
        found = ranker.booster.predict(data, pred_contribs=True, validate_features=False)
    found = found.astype(np.float64)
    owners = players.numerics + [
        players.number(one.name) for one in (*layout.ids, *layout.sequences)
    ]
    further = ranker.names[len(owners) :]
    names = (*players.names, *further)
    owners += [len(players.names) + i for i in range(len(further))]
    return Contributions(
        METHOD,
        names,
        summed(found[:, :-1], owners, len(names)),
        found[:, -1],
        ranker.predict(matrix).astype(np.float64),
    )
