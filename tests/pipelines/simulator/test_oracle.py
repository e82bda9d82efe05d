import math
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import log_loss, ndcg_score, roc_auc_score

from pipelines.simulator.oracle import OracleCounter, ndcg, random_ndcg
from pipelines.simulator.simulation import Simulation


def test_ndcg_by_hand() -> None:
    gain = np.array([[3.0, 0.0, 2.0]])
    score = np.array([[0.1, 0.9, 0.5]])  # ranks gains 0, 2, 3
    reached = 2 / math.log2(3) + 3 / 2
    best = 3 + 2 / math.log2(3)
    assert ndcg(score, gain)[0] == pytest.approx(reached / best)
    assert ndcg(score, gain, k=2)[0] == pytest.approx(2 / math.log2(3) / best)
    assert ndcg(gain, gain)[0] == 1.0
    assert math.isnan(ndcg(score, np.zeros((1, 3)))[0])


def test_ndcg_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    score, gain = rng.random((50, 14)), rng.random((50, 14))
    assert ndcg(score, gain).mean() == pytest.approx(ndcg_score(gain, score, k=10))


def test_random_ndcg_is_the_mean_over_all_orders() -> None:
    gain = np.array([[0.5, 0.1, 0.0, 0.9]])
    orders = [
        ndcg(np.array([order], dtype=float), gain, k=3)[0] for order in permutations(range(4))
    ]
    assert random_ndcg(gain, k=3)[0] == pytest.approx(np.mean(orders))


def test_counter_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    relevance = rng.beta(1, 4, (3_000, 5))
    seen = 1.0 / np.arange(1, 6)
    probability = relevance * seen
    click = rng.random((3_000, 5)) < probability
    counter = OracleCounter()
    for part in np.array_split(np.arange(3_000), 7):
        counter.add(relevance[part], probability[part], click[part])
    oracle = counter.result()
    label = click.ravel()
    assert (oracle.rows, oracle.queries) == (15_000, 3_000)
    assert oracle.auc == pytest.approx(roc_auc_score(label, probability.ravel()), abs=1e-5)
    assert oracle.auc_relevance == pytest.approx(roc_auc_score(label, relevance.ravel()), abs=1e-5)
    assert oracle.log_loss == pytest.approx(log_loss(label, probability.ravel()))
    assert oracle.ctr == pytest.approx(label.mean())
    assert oracle.expected_ctr == pytest.approx(probability.mean())
    clicked = click.any(axis=1)
    best = ndcg_score(click[clicked], probability[clicked], k=10)
    assert oracle.ndcg_click == pytest.approx(best)
    logged = np.tile(-np.arange(5.0), (3_000, 1))
    assert oracle.ndcg_production == pytest.approx(ndcg_score(relevance, logged, k=10))


def test_ties_count_half() -> None:
    counter = OracleCounter()
    counter.add(np.full((1, 4), 0.5), np.full((1, 4), 0.5), np.array([[True, False, True, False]]))
    assert counter.result().auc == 0.5


def test_without_both_outcomes_there_is_no_auc() -> None:
    counter = OracleCounter()
    counter.add(np.full((2, 3), 0.1), np.full((2, 3), 0.1), np.zeros((2, 3), dtype=bool))
    oracle = counter.result()
    assert math.isnan(oracle.auc)
    assert math.isnan(oracle.ndcg_click)


def test_no_score_beats_the_truth(simulation: Simulation, rows: Any) -> None:
    truth, log = rows(simulation.path / "truth"), rows(simulation.path / "log")
    click = log["click"].to_numpy()
    probability = truth["click_probability"].to_numpy()
    assert simulation.oracle.auc == pytest.approx(roc_auc_score(click, probability), abs=1e-5)
    rng = np.random.default_rng(0)
    for bend in (0.3, 1.0):
        bent = probability * np.exp(bend * rng.standard_normal(len(probability)))
        assert roc_auc_score(click, bent) < simulation.oracle.auc
    assert simulation.oracle.auc_relevance < simulation.oracle.auc
    assert simulation.oracle.ndcg_random < simulation.oracle.ndcg_production < 1.0


def test_between_adds_up_to_the_whole(simulation: Simulation) -> None:
    assert simulation.oracle_between(0) == simulation.oracle
    early, late = simulation.oracle_between(0, 1_234), simulation.oracle_between(1_234)
    assert (early.queries, late.queries) == (1_234, 766)
    mean = (early.log_loss * early.rows + late.log_loss * late.rows) / 20_000
    assert mean == pytest.approx(simulation.oracle.log_loss)
    assert early.auc != late.auc
