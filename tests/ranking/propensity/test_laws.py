"""What holds of every estimator, over logs whose truth is known."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xgboost as xgb

from features.errors import ConfigError, DataError
from ranking.propensity.affine import affine
from ranking.propensity.dual import dual
from ranking.propensity.harvesting import harvest, harvest_items
from ranking.propensity.propensity import Propensity
from ranking.propensity.randomised import randomised
from ranking.propensity.regression_em import regression_em
from ranking.propensity.relevance import Trees
from ranking.propensity.swaps import swaps

SHALLOW = Trees(rounds=60, max_depth=2, learning_rate=0.2)


def _harvest(method: str) -> Callable[..., Propensity]:
    return lambda log, **rest: harvest(
        *log.plain, ranks=log.ranks, ranker=log.ranker, method=method, **rest
    )


def _learned(estimator: Any, relevance: Any) -> Callable[..., Propensity]:
    def run(log: Any, draws: int = 10, **rest: Any) -> Propensity:
        with xgb.config_context(nthread=1):
            return estimator(  # type: ignore[no-any-return]
                *log.plain, features=log.features, relevance=relevance, draws=draws, **rest
            )

    return run


# The order of its log, how to run it, and how far from the truth it may be at eta 1.
ESTIMATORS: dict[str, tuple[str, Callable[..., Propensity], float]] = {
    "randomised": ("shuffled", lambda log, **rest: randomised(*log.plain, **rest), 0.1),
    "swaps": (
        "swaps",
        lambda log, **rest: swaps(*log.plain, partner=log.partner, swapped=log.swapped, **rest),
        0.2,
    ),
    "harvest pairs": ("rankers", _harvest("pairs"), 0.15),
    "harvest chain": ("rankers", _harvest("chain"), 0.6),
    "harvest pivot": ("rankers", _harvest("pivot"), 0.6),
    "items": ("rankers", lambda log, **r: harvest_items(*log.plain, item=log.item, **r), 0.15),
    "em": ("rankers", _learned(regression_em, None), 0.2),
    "em trees": ("rankers", _learned(regression_em, SHALLOW), 0.2),
    "dual": ("shuffled", _learned(dual, None), 0.25),
    "dual trees": ("shuffled", _learned(dual, SHALLOW), 0.25),
    "affine": (
        "rankers",
        lambda log, **rest: affine(*log.plain, relevance=log.relevance, **rest),
        0.3,
    ),
}
COUNTED = ("randomised", "swaps", "harvest pairs", "harvest chain", "harvest pivot", "items")
QUICK = [name for name in ESTIMATORS if "trees" not in name]


def of_kept(log: Any, order: np.ndarray[Any, Any]) -> Any:
    """The log's queries in another order, or some of them."""
    fields = dict(vars(log))
    for name in ("sizes", "ranker", "partner", "swapped"):
        fields[name] = fields[name][order]
    rows = (order[:, None] * 10 + np.arange(10)).ravel()
    for name in ("position", "click", "item", "features", "score", "ranks", "relevance"):
        fields[name] = fields[name][rows]
    return type(log)(**fields)


def thinned(log: Any, share: float) -> Any:
    kept = np.random.default_rng(9).random(len(log.click)) < share
    return type(log)(**{**vars(log), "click": log.click * kept})


@pytest.mark.parametrize(
    "name",
    [pytest.param(one, marks=pytest.mark.slow if "trees" in one else ()) for one in ESTIMATORS],
)
def test_the_curve_is_relative_to_the_top_and_near_the_truth(name: str, log_of: Any) -> None:
    order, run, near = ESTIMATORS[name]
    log = log_of(11, 20_000 if name in COUNTED else 6_000, order=order)
    found = run(log, draws=10)
    assert found.examination[0] == found.low[0] == found.high[0] == 1
    assert found.examination == pytest.approx(log.truth, rel=near)
    assert Propensity.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("name", QUICK)
def test_fewer_clicks_alike_everywhere_change_nothing_but_the_interval(
    name: str, log_of: Any
) -> None:
    order, run, _ = ESTIMATORS[name]
    log = log_of(12, 4_000, order=order)
    whole, thin = run(log, draws=20), run(thinned(log, 0.5), draws=20)
    low, high = np.array(thin.low), np.array(thin.high)
    inside = (low <= np.array(whole.examination)) & (np.array(whole.examination) <= high)
    assert inside.sum() >= 9
    assert np.median(high / low) > np.median(np.array(whole.high) / np.array(whole.low))


@pytest.mark.parametrize("name", [name for name in QUICK if name != "dual"])
def test_the_order_of_queries_changes_nothing(name: str, log_of: Any) -> None:
    order, run, _ = ESTIMATORS[name]
    log = log_of(13, 3_000, order=order)
    other = of_kept(log, np.random.default_rng(0).permutation(3_000))
    assert run(log, draws=10).examination == (
        pytest.approx(run(other, draws=10).examination, rel=1e-4)
    )


@pytest.mark.parametrize("name", QUICK)
def test_the_same_seed_gives_the_same_interval(name: str, log_of: Any) -> None:
    order, run, _ = ESTIMATORS[name]
    log = log_of(14, 3_000, order=order)
    one, again, other = (run(log, draws=10, seed=seed) for seed in (0, 0, 1))
    assert one == again
    assert one.examination == other.examination
    assert one.low != other.low


@pytest.mark.parametrize("name", QUICK)
def test_refusals_are_those_of_the_log(name: str, log_of: Any) -> None:
    order, run, _ = ESTIMATORS[name]
    log = log_of(15, 4_000, order=order)
    silent = type(log)(**{**vars(log), "click": log.click * (log.position != 3)})
    with pytest.raises(DataError, match="position 3 .* or depth = 3"):
        run(silent, draws=10)
    assert run(silent, depth=3, draws=10).depth == 3
    with pytest.raises(ConfigError, match="at least 10 bootstrap draws; got 2"):
        run(log, draws=2)


def covered(name: str, log_of: Any, logs: int, eta: float = 1.0) -> float:
    """How often the interval of a position below the top holds the truth."""
    order, run, _ = ESTIMATORS[name]
    inside = []
    for seed in range(logs):
        sessions = 12_000 if name == "swaps" else 4_000  # one pair in nine
        log = log_of(100 + seed, sessions, eta=eta, order=order)
        found = run(log, draws=20 if name in ("em", "dual") else 50)
        held = (np.array(found.low) <= log.truth) & (log.truth <= np.array(found.high))
        inside.append(held[1:].mean())
    return float(np.mean(inside))


@pytest.mark.parametrize("name", ["randomised", "items"])
def test_intervals_hold_the_truth(name: str, log_of: Any) -> None:
    assert covered(name, log_of, 12) >= 0.88


@pytest.mark.slow
@pytest.mark.parametrize("eta", [0.5, 1.0, 1.5])
@pytest.mark.parametrize("name", ["randomised", "swaps", "harvest pairs", "items", "em"])
def test_intervals_hold_the_truth_95_times_in_100(name: str, eta: float, log_of: Any) -> None:
    logs = 20 if name == "em" else 60
    assert 0.88 <= covered(name, log_of, logs, eta) <= 0.99
