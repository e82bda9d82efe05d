"""LambdaMART on XGBoost, unbiased where the log has positions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import xgboost as xgb

from features.errors import DataError, FingerprintError
from features.suggest import listing
from ranking.best_round import BestRound, Bias
from ranking.lambdamart.bias import carry, learned_bias
from ranking.lambdamart.checks import check_pairs, tracked
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.features import constraints
from ranking.lambdamart.matrices import in_memory, to_score
from ranking.lambdamart.pages import Pages
from ranking.lambdamart.ranker import Ranker
from ranking.query_data import QueryData

Floats = npt.NDArray[np.float32]
Judge = Callable[[Floats], float]
Report = Callable[[int, dict[str, float]], None]
Objective = Callable[[Floats], tuple[npt.NDArray[Any], npt.NDArray[Any]]]


@runtime_checkable
class Debiasing(Protocol):
    """An objective that learns a bias by position, as it stands after the last gradients."""

    @property
    def bias(self) -> Bias: ...


def train(
    config: RankerConfig,
    names: Sequence[str],
    data: QueryData | Pages,
    valid: QueryData,
    judge: Judge,
    report: Report,
    objective: Objective | None = None,
    start: Ranker | None = None,
) -> Ranker:
    """Fit until `patience` rounds bring nothing better on `valid`; keep the best round.

    judge: what scores float32 (rows,) of `valid`, in its order, are worth; more is better. Ties
    must be its care: early, coarse trees give many, and rows stand in the order that was logged.
    objective: gradient and hessian (rows,) at scores (rows,) of `data`, in its order, in place of
    XGBoost's own; then `unbiased` is its care too.
    start: goes on from an earlier ranker, from its learned bias too; if no round is better on
    `valid` than it was, its trees are what is returned.

    Raises:
        DataError: labels that teach nothing or cannot be read, numbers or positions that XGBoost
            would take amiss, or a metric that is no number.
        ConfigError: a feature that there is not, or an XGBoost without the unbiased mode.
        FingerprintError: the earlier ranker is of other features.
    """
    if objective is not None:
        config = config.model_copy(update={"unbiased": False})
    matrix, held = _matrices(config, names, data, valid)
    settings = _settings(config, names, matrix)
    booster = xgb.Booster(settings, [matrix, held])
    best = BestRound(config.patience)
    earlier = 0
    if start is not None:
        earlier = _go_on(booster, start, names, settings, matrix)
        best.see(0, judge(booster.predict(held, output_margin=True)), start.bias)
    before = booster.num_boosted_rounds()
    for done in range(1, config.rounds + 1):
        bias = _round(booster, matrix, before - earlier + done - 1, config, objective)
        value = judge(booster.predict(held, output_margin=True))
        best.see(done, value, bias)
        report(done, {config.metric: value})
        if best.over:
            break
    kept = before + best.number if best.number else earlier
    return Ranker(booster[:kept], tuple(names), best.bias)


def parameters(config: RankerConfig, names: Sequence[str], depth: int) -> dict[str, Any]:
    """XGBoost's own; `depth` pairs of an unbiased training unless it says how many."""
    pairs = config.num_pair_per_sample
    if pairs is None and config.unbiased and config.pair_method == "topk":
        pairs = depth
    theirs = {"pair_method", "normalization", "score_normalization", "unbiased", "bias_norm"}
    same = {
        "objective", "learning_rate", "max_depth", "max_leaves", "grow_policy", "max_bin",
        "min_child_weight", "max_delta_step", "gamma", "reg_alpha", "reg_lambda", "subsample",
        "colsample_bytree", "colsample_bylevel", "colsample_bynode", "max_cat_to_onehot",
        "max_cat_threshold", "device", "seed", "ndcg_exp_gain",
    }  # fmt: skip
    return {
        "tree_method": "hist",
        "disable_default_eval_metric": True,
        **{name: getattr(config, name) for name in sorted(same)},
        **{f"lambdarank_{name}": getattr(config, name) for name in sorted(theirs)},
        **({} if pairs is None else {"lambdarank_num_pair_per_sample": pairs}),
        **constraints(config, names),
    }


def _matrices(
    config: RankerConfig, names: Sequence[str], data: QueryData | Pages, valid: QueryData
) -> tuple[Any, Any]:
    if valid.label.min() == valid.label.max():
        raise DataError(
            f"Ranking needs rows with different labels; all {valid.rows} validation rows have "
            f"{valid.label.min():g}. Use more data, or another label."
        )
    held = to_score(config, names, valid.matrix)
    if isinstance(data, Pages):
        return data.to_xgboost(config, names), held
    return in_memory(config, names, data), held


def _settings(config: RankerConfig, names: Sequence[str], matrix: Any) -> dict[str, Any]:
    sizes = np.diff(matrix.get_uint_info("group_ptr").astype(np.int64))
    check_pairs(matrix.get_label(), sizes)
    return parameters(config, names, tracked(config) or int(sizes.max()))


def _go_on(
    booster: Any, start: Ranker, names: Sequence[str], settings: dict[str, Any], matrix: Any
) -> int:
    """Load an earlier ranker's trees, which are counted, and its bias."""
    if start.names != tuple(names):
        raise FingerprintError(
            f"A ranker goes on with the features that it has, {listing(start.names)}; got "
            f"{listing(names)}. Train anew, or declare the same."
        )
    booster.load_model(start.booster.save_raw("ubj"))
    booster.set_param(settings)
    earlier = int(booster.num_boosted_rounds())
    if settings["lambdarank_unbiased"] and start.bias:
        carry(booster, matrix, start.bias)
    return earlier


def _round(
    booster: Any, matrix: Any, number: int, config: RankerConfig, objective: Objective | None
) -> Bias:
    """One more tree; the bias learned by then."""
    if objective is None:
        booster.update(matrix, number)
        return learned_bias(booster) if config.unbiased else {}
    scores = booster.predict(matrix, output_margin=True, training=True)
    gradient, hessian = objective(scores)
    if not (np.isfinite(gradient).all() and np.isfinite(hessian).all()):
        raise DataError(
            f"An objective must give finite gradients and hessians; at tree {number + 1} it did "
            "not. Look into its weights: are some infinite, or divided by 0?"
        )
    booster.boost(matrix, number, grad=gradient, hess=hessian)
    return dict(objective.bias) if isinstance(objective, Debiasing) else {}
