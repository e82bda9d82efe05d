"""The ways of learning a ranking from clicks: as they are, or freed of position bias."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from features.suggest import listing
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.ranker import Ranker
from ranking.lambdamart.train import Judge, Objective, Report, train
from ranking.query_data import QueryData

if TYPE_CHECKING:
    from ranking.objective.lambdas import Lambdas

Way = Literal["none", "xgboost", "pairs", "additive", "ipw", "pointwise"]
WAYS: tuple[Way, ...] = get_args(Way)


def ways(names: Sequence[str] | None) -> tuple[Way, ...]:
    """Those that are named, or all. Raises ConfigError where a name is none."""
    unknown = [name for name in names or () if name not in WAYS]
    if unknown:
        raise ConfigError(
            f"A way of learning from clicks must be one of {listing(WAYS)}; got '{unknown[0]}'."
        )
    return tuple(way for way in WAYS if not names or way in names)


@dataclass(frozen=True)
class Known:
    """What is known of the positions before training.

    examination: float64 (depth,) relative to the top, or None; no value counts as less than
    `minimum`. offset: float64 (depth,), the beta of trust bias, of which examination then is the
    alpha. logged: rows bring their propensity. depth: how many positions have a bias of their own.
    """

    depth: int
    examination: npt.ArrayLike | None = None
    minimum: float = 0.05
    offset: npt.ArrayLike | None = None
    logged: bool = False


def fit(
    way: Way,
    config: RankerConfig,
    names: Sequence[str],
    data: QueryData,
    valid: QueryData,
    judge: Judge,
    report: Report,
    known: Known,
    start: Ranker | None = None,
) -> Ranker:
    """Train one ranker, as `ranking.lambdamart.train.train` does.

    `none` takes clicks as they are. `xgboost` learns a bias of pairs by XGBoost's own mode, `pairs`
    by ours (Hu et al., WWW 2019), which reads positions; `additive` learns a score of
    each position, as LightGBM does; `ipw` divides each click by the examination of its position;
    `pointwise` explains each click, or none, by relevance times examination.

    From a `start` `xgboost`, `pairs` and `additive` go on with the bias that it learned.

    Raises:
        ConfigError: `ipw` or `pointwise` without examination.
        DataError: no positions to learn the bias of, or a `start` that learned another bias.
    """
    config = config.model_copy(update={"unbiased": way == "xgboost"})
    objective = _OBJECTIVES[way](config, data, known) if way in _OBJECTIVES else None
    if start is not None and way in ("pairs", "additive"):
        _go_on(objective, start)
    return train(config, names, data, valid, judge, report, objective, start)


def _go_on(objective: Any, start: Ranker) -> None:
    """With the bias that the earlier ranker learned, of the same objective and depth."""
    rounds = start.booster.num_boosted_rounds()
    objective.restore(objective.state | {"rounds": rounds, "bias": start.bias})


def _pairs(config: RankerConfig, data: QueryData, known: Known) -> Objective:
    from ranking.objective.debiased import Debiased

    return Debiased(_lambdas(config, data), depth=known.depth, norm=config.bias_norm)


def _additive(config: RankerConfig, data: QueryData, known: Known) -> Objective:
    from ranking.objective.additive import Additive

    return Additive(_lambdas(config, data), depth=known.depth, learning_rate=config.learning_rate)


def _ipw(config: RankerConfig, data: QueryData, known: Known) -> Objective:
    from ranking.objective.ipw import IPW

    if known.logged:
        return IPW(_lambdas(config, data), propensity=data.propensity, clip=known.minimum)
    return IPW(_lambdas(config, data), _examination(known), clip=known.minimum)


def _pointwise(_: RankerConfig, data: QueryData, known: Known) -> Objective:
    from ranking.objective.pointwise import Pointwise

    examination = np.asarray(_examination(known), np.float64)
    # Relative to the top, an estimate may lie above 1; its level is not told by clicks anyway.
    return Pointwise(data, examination / max(1.0, examination.max()))


def _examination(known: Known) -> npt.ArrayLike:
    if known.examination is None:
        raise ConfigError(
            "Weighing clicks by examination needs it estimated; there is no estimate. Declare "
            "[bias] with what the log knows (item, ranker, random, swapped), or choose another "
            "bias.way."
        )
    return known.examination


def _lambdas(config: RankerConfig, data: QueryData) -> Lambdas:
    from ranking.objective.lambdas import Lambdas  # numba takes a second to import
    from ranking.objective.loss import Loss

    loss = Loss.model_validate(
        {
            "metric": config.objective.removeprefix("rank:"),
            "method": config.pair_method,
            "pairs": config.num_pair_per_sample,
            "exponential_gain": config.ndcg_exp_gain,
            "normalization": config.normalization,
            "score_normalization": config.score_normalization,
        }
    )
    return Lambdas(data.label, data.sizes, position=data.position, weight=data.weight, loss=loss)


_OBJECTIVES: dict[Way, Callable[[RankerConfig, QueryData, Known], Objective]] = {
    "pairs": _pairs,
    "additive": _additive,
    "ipw": _ipw,
    "pointwise": _pointwise,
}
