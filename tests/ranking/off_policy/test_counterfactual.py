"""Counterfactual metrics: exact over all clicks, and offline metrics where nothing is hidden."""

from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.metrics import dcg_score, ndcg_score

from features.errors import ConfigError, DataError
from ranking.off_policy.compare import compare
from ranking.off_policy.counterfactual import evaluate, production
from ranking.off_policy.estimate import Estimate
from ranking.off_policy.resampling import Resampling
from ranking.off_policy.weighed_clicks import WeighedClicks

Floats = npt.NDArray[np.float64]
QUICK = Resampling(resamples=100)
EXAMINATION = np.array([1.0, 0.6, 0.3, 0.1])
RELEVANCE = np.array([0.2, 0.5, 0.4, 0.9])


def every_click() -> tuple[WeighedClicks, Floats]:
    """One list of four shown in order, once for each way to click, and how likely each way is."""
    ways = np.array(list(product([0.0, 1.0], repeat=4)))
    chance = EXAMINATION * RELEVANCE
    log = WeighedClicks.of(
        np.full(16, 4), np.tile(np.arange(4), 16), ways.ravel(), EXAMINATION, largest=1000
    )
    return log, np.prod(np.where(ways > 0, chance, 1 - chance), axis=1)


@pytest.mark.parametrize("metric", ["dcg@2", "dcg", "mrr", "hits@3"])
@pytest.mark.parametrize("method", ["ips", "dr"])
def test_ips_and_dr_are_unbiased_over_all_clicks(metric: str, method: Any) -> None:
    log, chance = every_click()
    scores = np.array([1.0, 2, 3, 4])
    model = np.array([0.7, 0.1, 0.3, 0.2])  # wrong
    worth = {"dcg@2": [0, 0, 1 / np.log2(3), 1], "dcg": 1 / np.log2([5, 4, 3, 2])}
    worth |= {"mrr": [1 / 4, 1 / 3, 1 / 2, 1], "hits@3": [0, 1, 1, 1]}
    found = evaluate(
        log, np.tile(scores, 16), metric, method, relevance=np.tile(model, 16), resampling=QUICK
    )
    assert chance @ found.values == pytest.approx(RELEVANCE @ np.array(worth[metric]), rel=1e-12)


def variance(chance: Floats, values: Floats) -> float:
    return float(chance @ (values - chance @ values) ** 2)


def test_dr_fills_in_what_was_cut_and_changes_nothing_else() -> None:
    """With weights cut at 2 clicks at positions 2 and 3 count for .6 and .2 of what they are."""
    log, chance = every_click()
    cut = WeighedClicks.of(np.full(16, 4), log.rounds.place, log.click, EXAMINATION, largest=2)
    scores, fair = np.tile([1.0, 2, 3, 4], 16), np.tile([0.3, 0.4, 0.5, 0.8], 16)
    truth = RELEVANCE @ (1 / np.log2([5, 4, 3, 2]))

    def bias(where: WeighedClicks, how: Any) -> float:
        found = evaluate(where, scores, "dcg", how, relevance=fair, resampling=QUICK)
        return abs(float(chance @ found.values) - truth)

    assert bias(cut, "ips") > 0.8
    assert bias(cut, "dr") < 0.1
    plain, doubly = (
        evaluate(log, scores, "dcg", how, relevance=fair, resampling=QUICK).values
        for how in ("ips", "dr")
    )
    np.testing.assert_allclose(plain, doubly)


def test_a_logger_that_draws_its_order_has_mean_propensities_and_dr_of_less_variance() -> None:
    """Each list is shown upright or upside down by a coin, so each row has two positions."""
    ways = np.array(list(product([0.0, 1.0], repeat=4)))
    mean = (EXAMINATION + EXAMINATION[::-1]) / 2
    rows: dict[str, list[Floats]] = {"click": [], "mean": [], "scores": [], "model": []}
    chances = []
    for order in ([0, 1, 2, 3], [3, 2, 1, 0]):
        chance = EXAMINATION * RELEVANCE[order]
        chances.append(0.5 * np.prod(np.where(ways > 0, chance, 1 - chance), axis=1))
        rows["click"].append(ways.ravel())
        rows["mean"].append(np.tile(mean[order], 16))
        rows["scores"].append(np.tile(np.array([1.0, 2, 3, 4])[order], 16))
        rows["model"].append(np.tile(np.array([0.3, 0.4, 0.5, 0.8])[order], 16))
    click, propensity, scores, model = map(np.concatenate, rows.values())
    log = WeighedClicks.of(
        np.full(32, 4), np.tile(np.arange(4), 32), click, EXAMINATION, propensity=propensity
    )
    chance, truth = np.concatenate(chances), RELEVANCE @ (1 / np.log2([5, 4, 3, 2]))
    plain, doubly = (
        evaluate(log, scores, "dcg", how, relevance=model, resampling=QUICK).values
        for how in ("ips", "dr")
    )
    assert chance @ plain == pytest.approx(truth, rel=1e-12)
    assert chance @ doubly == pytest.approx(truth, rel=1e-12)
    assert variance(chance, doubly) < 0.9 * variance(chance, plain)


def test_dr_is_ips_without_a_model_and_dm_without_residuals() -> None:
    log, _ = every_click()
    scores, zero = np.tile([1.0, 2, 3, 4], 16), np.zeros(64)
    assert evaluate(log, scores, "dcg", "dr", relevance=zero, resampling=QUICK).value == (
        pytest.approx(evaluate(log, scores, "dcg", "ips", resampling=QUICK).value)
    )
    shown = WeighedClicks.of([4], np.arange(4), [1, 0, 1, 0], np.ones(4))
    both = [
        evaluate(shown, [4, 3, 1, 2], "dcg", how, relevance=shown.click, resampling=QUICK).value
        for how in ("dr", "dm")
    ]
    assert both == pytest.approx([1 + 1 / np.log2(5)] * 2)


def test_by_hand() -> None:
    """Two queries; clicks at positions 1 and 3 of the first, none in the second.

    Weights 1 / .6 and 1 / .1 cut at 5. The new ranks of the clicked rows are 2 and 1.
    """
    log = WeighedClicks.of([4, 2], [0, 1, 2, 3, 0, 1], [0, 1, 0, 1, 0, 0], EXAMINATION, largest=5)
    scores = [1, 3, 2, 4, 0, 0]
    found = {
        (metric, how): evaluate(log, scores, metric, how, resampling=QUICK)
        for metric in ("dcg@10", "mrr", "ndcg")
        for how in ("ips", "snips")
    }
    second, top = 1 / 0.6, 5.0
    dcg, mrr = second / np.log2(3) + top, second / 2 + top
    assert found["dcg@10", "ips"].value == pytest.approx(dcg / 2)
    assert found["dcg@10", "snips"].value == pytest.approx(dcg / (second + top))
    assert found["mrr", "ips"].value == pytest.approx(mrr / 2)
    assert found["mrr", "snips"].value == pytest.approx(mrr / (second + top))
    assert found["ndcg", "snips"].value == pytest.approx(1)  # the heaviest click is at the top
    one = found["ndcg", "ips"]
    assert one.value == pytest.approx((second + top) / 2)
    assert (one.n, one.unit, one.ess_of, one.clipped) == (2, "queries", "clicks", 0.5)
    assert one.ess == pytest.approx((second + top) ** 2 / (second**2 + top**2))
    assert "50.0% of the clicks were cut at 5, and with them 42.9% of the sum" in str(one)


def labelled(clicks: int | None) -> tuple[npt.NDArray[np.int64], Floats]:
    """Labels and scores (50, 8), of just so many clicks a query."""
    rng = np.random.default_rng(0)
    label = rng.integers(0, 2, (50, 8))
    if clicks is not None:
        label = (rng.random((50, 8)).argsort(axis=1) < clicks).astype(np.int64)
    return label, rng.integers(0, 6, (50, 8)).astype(np.float64)


def log_of(label: npt.NDArray[np.int64], **more: Any) -> WeighedClicks:
    sizes, position = np.full(len(label), 8), np.tile(np.arange(8), len(label))
    return WeighedClicks.of(sizes, position, label.ravel(), [1.0], **more)


def test_where_all_is_examined_ips_is_dcg() -> None:
    label, scores = labelled(None)
    found = evaluate(log_of(label), scores.ravel(), "dcg@3", "ips", resampling=QUICK)
    assert found.value == pytest.approx(dcg_score(label, scores, k=3))


def test_where_all_is_examined_and_clicks_are_one_a_query_snips_is_ndcg() -> None:
    label, scores = labelled(1)
    found = evaluate(log_of(label), scores.ravel(), "ndcg@3", "snips", resampling=QUICK)
    assert found.value == pytest.approx(ndcg_score(label, scores, k=3))
    weight = np.random.default_rng(1).random(50)
    heavier = evaluate(
        log_of(label, weight=weight), scores.ravel(), "ndcg@3", "snips", resampling=QUICK
    )
    assert heavier.value == pytest.approx(ndcg_score(label, scores, k=3, sample_weight=weight))
    assert heavier.ess == pytest.approx(weight.sum() ** 2 / (weight @ weight))


def test_snips_does_not_ask_for_the_scale_of_examination() -> None:
    log, _ = every_click()
    half = WeighedClicks.of(
        log.rounds.sizes, log.rounds.place, log.click, EXAMINATION / 2, largest=2000
    )
    scores = np.tile([1.0, 2, 3, 4], 16)
    one, other = (evaluate(each, scores, resampling=QUICK) for each in (log, half))
    assert (one.value, one.low) == pytest.approx((other.value, other.low))


def test_positions_beyond_the_depth_take_the_last_examination() -> None:
    log = WeighedClicks.of([4], [0, 1, 2, 7], [0, 0, 0, 1], [1.0, 0.5])
    assert evaluate(log, [0, 0, 0, 1], "hits", "ips", resampling=QUICK).value == pytest.approx(2)


class Simulated:
    """Clicks of the position-based model on lists whose order a weak logger chose."""

    def __init__(self, seed: int, queries: int, eta: float = 1.0) -> None:
        rng = np.random.default_rng(seed)
        self.examination = (1.0 + np.arange(10)) ** -eta
        relevance = (rng.random((queries, 10)) < 0.15).astype(np.float64)
        shown = np.argsort(-(0.5 * relevance + rng.normal(0, 1, relevance.shape)), axis=1)
        self.relevance = np.take_along_axis(relevance, shown, axis=1).ravel()
        self.position = np.tile(np.arange(10), queries)
        seen = rng.random(queries * 10) < self.examination[self.position]
        self.click = seen * self.relevance
        self.sizes = np.full(queries, 10)
        self.noise = rng.normal(0, 1, queries * 10)

    def log(self, examination: npt.ArrayLike | None = None) -> WeighedClicks:
        seen = self.examination if examination is None else examination
        return WeighedClicks.of(self.sizes, self.position, self.click, seen)


def test_what_the_naive_metric_gets_wrong_the_weighted_one_gets_right() -> None:
    """A better ranker than the one that made the log: raw clicks say that it is worse."""
    world = Simulated(0, 2000)
    better = world.relevance * 0.8 + world.noise

    def verdict(log: WeighedClicks) -> tuple[Estimate, float, float]:
        new, old = evaluate(log, better), production(log)
        found = compare(new, old, names=("new", "production"))
        return new, found.low, found.high

    _, low, high = verdict(world.log(np.ones(10)))
    assert high < 0
    new, low, high = verdict(world.log())
    rank = np.argsort(np.argsort(-better.reshape(-1, 10), axis=1), axis=1).ravel()
    truth = (world.relevance / np.log2(rank + 2)).sum() / world.relevance.sum()
    shown = (world.relevance / np.log2(world.position + 2)).sum() / world.relevance.sum()
    assert new.low <= truth <= new.high
    assert low > 0
    assert low <= truth - shown <= high


def test_equal_orders_are_equal_whatever_the_scores() -> None:
    world = Simulated(1, 200)
    one, other = (evaluate(world.log(), s) for s in (world.noise, 7 * world.noise**3))
    found = compare(one, other)
    assert (found.value, found.low, found.high, found.p_bootstrap) == (0, 0, 0, 1)


def test_an_order_that_lives_on_what_nobody_saw_is_told() -> None:
    world = Simulated(2, 500, eta=2.0)
    found = evaluate(world.log(), world.position)
    assert "rows that were shown where hardly anyone looks" in " ".join(found.warnings)
    assert not any("hardly anyone" in one for one in production(world.log()).warnings)


def test_recurring_queries_are_drawn_together() -> None:
    world = Simulated(3, 300)
    found = evaluate(world.log(), world.noise, cluster=np.repeat(np.arange(100), 3))
    assert (found.n, found.unit) == (100, "clusters of queries")
    assert found.value == pytest.approx(evaluate(world.log(), world.noise).value)


def test_a_log_without_clicks_is_worth_nothing_and_says_so() -> None:
    log = WeighedClicks.of([2, 2], [0, 1, 0, 1], [0, 0, 0, 0], [1.0, 0.5])
    for metric, how in product(["dcg", "ndcg"], ["ips", "snips"]):
        found = evaluate(log, [1, 2, 3, 4], metric, how)  # type: ignore[arg-type]
        assert (found.value, found.low, found.high, found.ess) == (0, 0, 0, 0)
        assert found.warnings[0].startswith("the log has no clicks")


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"metric": "map"}, ConfigError, "one of dcg, ndcg, mrr, hits"),
        ({"method": "cips"}, ConfigError, "one of ips, snips, dr, dm; got 'cips'"),
        ({"method": "dr"}, ConfigError, "`dr` needs `relevance`"),
        ({"method": "dm", "metric": "ndcg", "relevance": [0, 0]}, ConfigError, "Choose dcg"),
        ({"scores": [0.0, np.nan]}, DataError, "`scores` must be finite"),
        ({"scores": [0.0]}, DataError, "`scores` must have one value for each of 2"),
        ({"cluster": [0, 0]}, DataError, "one cluster id for each of 1 units"),
    ],
)
def test_what_cannot_be_estimated_is_refused(
    more: dict[str, Any], error: type[Exception], message: str
) -> None:
    log = WeighedClicks.of([2], [0, 1], [0, 1], [1.0, 0.5])
    with pytest.raises(error, match=message):
        evaluate(log, **({"scores": [1.0, 2.0]} | more))


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"position": [0, -1]}, DataError, "`position` must be whole numbers from 0"),
        ({"position": [0, 0.5]}, DataError, "`position` must be whole .* the first is 0.5"),
        ({"position": [1, 0]}, DataError, "rising order within a query; 1 of 2 .* first is 0"),
        ({"position": [1, 1]}, DataError, "rising order within a query; 1 of 2 .* first is 1"),
        ({"click": [0, 2]}, DataError, "`click` must be 0 or 1; 1 of 2"),
        ({"examination": [1, 0]}, DataError, "`examination` must be above 0"),
        ({"examination": []}, DataError, "at least one position; got none"),
        ({"propensity": [1, 0]}, DataError, "`propensity` must be above 0"),
        ({"weight": [-1.0]}, DataError, "`weight` must be 0 or more"),
        ({"weight": [0.0]}, DataError, "all of them have 0"),
        ({"sizes": [1, 2]}, DataError, "add up to the 2 rows; got 2 sizes"),
        ({"largest": 0.0}, ConfigError, "must be above 0; got 0.0"),
    ],
)
def test_logs_that_cannot_be_are_refused(
    more: dict[str, Any], error: type[Exception], message: str
) -> None:
    good = {"sizes": [2], "position": [0, 1], "click": [0, 1], "examination": [1.0, 0.5]}
    with pytest.raises(error, match=message):
        WeighedClicks.of(**(good | more))


def test_what_is_clicked_in_vain_is_taken_off() -> None:
    """By trust bias the mean gain of a row is alpha_0 relevance + beta_0, wherever it was shown."""
    alpha, beta = np.array([0.8, 0.4]), np.array([0.1, 0.02])
    relative, offset = alpha / alpha[0], beta - alpha / alpha[0] * beta[0]
    for relevance in (0.0, 0.5, 1.0):
        clicked = alpha * relevance + beta
        gains = [
            WeighedClicks.of([2], [0, 1], np.full(2, click), relative, offset=offset).gain
            for click in (0, 1)
        ]
        mean = (1 - clicked) * gains[0] + clicked * gains[1]
        assert mean == pytest.approx(np.full(2, clicked[0]))
