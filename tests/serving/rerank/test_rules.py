"""Rules over scored candidates, worked by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.rerank.reranker import Reranked

Rank = Callable[..., Reranked]
SCORES = [0.9, 0.8, 0.7, 0.6, 0.5]
LAWS = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# Re-ranks, but nothing there is concerned.
IDLE = {"type": "drop", "when": [["brand", "==", "no such brand"]]}


def order(found: Reranked) -> list[int]:
    return found.order.tolist()


@LAWS
@given(scores=st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=80))
def test_rules_that_concern_nobody_leave_the_order(rank: Rank, scores: list[float]) -> None:
    found = rank({"rules": [IDLE]}, scores, brand=["a"] * len(scores))
    assert order(found) == np.argsort(-np.float32(scores), kind="stable").tolist()
    assert found.propensity.tolist() == [1.0] * len(scores)


def test_dropped_rows_are_not_shown(rank: Rank) -> None:
    rule = {"type": "drop", "when": [["stock", "<=", 0], ["brand", "!=", "b"]]}
    brand = ["a", "b", "a", "a", None]
    found = rank({"rules": [rule]}, SCORES, stock=[0, 0, 1, None, -1], brand=brand)
    assert order(found) == [1, 2, 3, 4]  # an unknown stock, an unknown brand: no reason to drop


def test_every_row_may_be_dropped(rank: Rank) -> None:
    cap = {"type": "cap", "column": "x", "most": 1, "top": 2}
    rules = [{"type": "drop", "when": [["x", ">", 0]]}, cap]
    for exploration in (
        None,
        {"type": "epsilon", "epsilon": 0.5},
        {"type": "epsilon", "epsilon": 0.5, "per": "position"},
        {"type": "plackett_luce", "temperature": 1},
        {"type": "swap"},
    ):
        diversity = {"columns": ["x"]}
        config = {"rules": rules, "diversity": diversity, "exploration": exploration}
        assert order(rank(config, [1.0, 2.0], x=[1, 2])) == []


def test_boosts_multiply_and_add(rank: Rank) -> None:
    rules = [
        {"type": "boost", "when": [["brand", "==", "b"]], "factor": 2},
        {"type": "boost", "when": [["brand", "==", "c"]], "add": -0.25},
    ]
    # 0.9, 0.8 x 2, 0.7 - 0.25, 0.6, 0.5 x 2
    assert order(rank({"rules": rules}, SCORES, brand=list("abcab"))) == [1, 4, 0, 3, 2]


def test_boosts_follow_each_other(rank: Rank) -> None:
    add = {"type": "boost", "when": [["brand", "==", "b"]], "add": 0.3}
    double = {"type": "boost", "when": [["brand", "in", ["b", "c"]]], "factor": 2}
    # (0.2 + 0.3) x 2 = 1.0 against 0.9; 0.2 x 2 + 0.3 = 0.7
    assert order(rank({"rules": [add, double]}, [0.9, 0.2], brand=["a", "b"])) == [1, 0]
    assert order(rank({"rules": [double, add]}, [0.9, 0.2], brand=["a", "b"])) == [0, 1]


def test_a_factor_raises_negative_scores_too(rank: Rank) -> None:
    rule = {"type": "boost", "when": [["brand", "==", "b"]], "factor": 2}
    assert order(rank({"rules": [rule]}, [-1.0, -1.5], brand=["a", "b"])) == [1, 0]
    rule["factor"] = 0.5
    assert order(rank({"rules": [rule]}, [-1.5, -1.0], brand=["a", "b"])) == [0, 1]


def test_a_column_is_added(rank: Rank) -> None:
    rule = {"type": "boost", "column": "margin", "add": 0.1}
    assert order(rank({"rules": [rule]}, [0.9, 0.8, 0.7], margin=[None, 2.0, 4.0])) == [2, 1, 0]


def test_a_column_without_bounds_does_no_harm(rank: Rank) -> None:
    rule = {"type": "boost", "column": "margin", "add": 1e300}
    config = {"rules": [rule, rule], "diversity": {"columns": ["margin"]}}
    found = rank(config, [0.1, 0.2, 0.3], margin=[1e300, -1e300, 0.0])
    assert order(found) == [0, 2, 1]


def test_a_pin_takes_the_best_that_fits(rank: Rank) -> None:
    rule = {"type": "pin", "when": [["brand", "==", "b"]], "position": 1}
    assert order(rank({"rules": [rule]}, SCORES, brand=list("aaaab"))) == [0, 4, 1, 2, 3]
    assert order(rank({"rules": [rule]}, SCORES, brand=list("abbbb"))) == [0, 1, 2, 3, 4]
    assert order(rank({"rules": [rule]}, SCORES, brand=list("aaaaa"))) == [0, 1, 2, 3, 4]


def test_two_pins_for_the_same_rows_take_two(rank: Rank) -> None:
    pins = [{"type": "pin", "when": [["brand", "==", "b"]], "position": at} for at in (2, 0)]
    assert order(rank({"rules": pins}, SCORES, brand=list("aabbb"))) == [3, 0, 2, 1, 4]


def test_pins_below_the_last_row_stand_last(rank: Rank) -> None:
    pins = [
        {"type": "pin", "when": [["brand", "==", "b"]], "position": 7},
        {"type": "pin", "when": [["brand", "==", "c"]], "position": 30},
    ]
    assert order(rank({"rules": pins}, SCORES, brand=list("cbaaa"))) == [2, 3, 4, 1, 0]


def test_a_cap_holds_in_its_top_and_not_below(rank: Rank) -> None:
    rule = {"type": "cap", "column": "seller", "most": 1, "top": 3}
    found = rank({"rules": [rule]}, [*SCORES, 0.4], seller=["s", "s", "s", "t", None, None])
    assert order(found) == [0, 3, 4, 1, 2, 5]


def test_pinned_rows_count_for_a_cap(rank: Rank) -> None:
    rules = [
        {"type": "pin", "when": [["id", "==", 2]], "position": 1},
        {"type": "cap", "column": "seller", "most": 1, "top": 3},
    ]
    found = rank({"rules": rules}, SCORES, seller=list("ssstu"), id=[0, 1, 2, 3, 4])
    assert order(found) == [3, 2, 4, 0, 1]


def test_a_cap_gives_way_where_nothing_else_is_left(rank: Rank) -> None:
    rule = {"type": "cap", "column": "seller", "most": 1, "top": 4}
    assert order(rank({"rules": [rule]}, SCORES[:4], seller=list("ssts"))) == [0, 2, 1, 3]


def test_a_share_is_filled_as_late_as_can_be(rank: Rank) -> None:
    rule = {"type": "share", "when": [["small", "==", True]], "least": 2, "top": 4}
    small = [False, False, False, True, False, True]
    assert order(rank({"rules": [rule]}, [*SCORES, 0.4], small=small)) == [0, 1, 3, 5, 2, 4]


def test_pinned_rows_count_for_a_share(rank: Rank) -> None:
    rules = [
        {"type": "pin", "when": [["id", "==", 4]], "position": 1},
        {"type": "share", "when": [["small", "==", 1]], "least": 2, "top": 3},
    ]
    found = rank({"rules": rules}, SCORES, small=[0, 0, 0, 1, 1], id=[0, 1, 2, 3, 4])
    assert order(found) == [0, 4, 3, 1, 2]


def test_a_share_gives_way_to_a_cap(rank: Rank) -> None:
    rules = [
        {"type": "share", "when": [["seller", "==", "s"]], "least": 2, "top": 2},
        {"type": "cap", "column": "seller", "most": 1, "top": 2},
    ]
    assert order(rank({"rules": rules}, SCORES[:3], seller=list("sst"))) == [0, 2, 1]


EXPLORATIONS: list[dict[str, Any] | None] = [
    None,
    {"type": "epsilon", "epsilon": 0.7},
    {"type": "epsilon", "epsilon": 0.7, "per": "position"},
    {"type": "plackett_luce", "temperature": 2},
    {"type": "swap"},
]


@pytest.mark.parametrize("exploration", EXPLORATIONS, ids=str)
@pytest.mark.parametrize("diversity", [None, {"columns": ["seller"]}], ids=str)
@settings(LAWS, max_examples=30)
@given(
    sellers=st.lists(st.none() | st.sampled_from("stuvw"), min_size=1, max_size=30),
    most=st.integers(1, 3),
    top=st.integers(1, 12),
    position=st.integers(0, 11),
    seed=st.integers(0, 99),
)
def test_caps_and_pins_hold_however_much_is_explored(
    rank: Rank,
    exploration: dict[str, Any] | None,
    diversity: dict[str, Any] | None,
    sellers: list[str | None],
    most: int,
    top: int,
    position: int,
    seed: int,
) -> None:
    rules = [
        {"type": "pin", "when": [["id", "==", 0]], "position": position},
        {"type": "cap", "column": "seller", "most": most, "top": top},
    ]
    rows = len(sellers)
    scores = np.random.default_rng(seed).normal(size=rows)
    config = {"rules": rules, "exploration": exploration, "diversity": diversity, "depth": 12}
    found = rank(config, scores, seed, seller=sellers, id=list(range(rows)))
    shown = order(found)
    assert sorted(shown) == list(range(rows))
    assert shown[min(position, rows - 1)] == 0
    assert ((found.propensity > 0) & (found.propensity <= 1)).all()
    counts = Counter(sellers[row] for row in shown[:top])
    del counts[None]
    if max(counts.values(), default=0) > most:
        # It gave way: no row below, but the pinned one, could have stood here instead.
        assert all(counts[sellers[row]] >= most for row in shown[top:] if row != 0)


def test_rows_below_the_depth_follow_by_score(rank: Rank) -> None:
    scores = np.linspace(1, 0, 40)
    config = {"depth": 5, "exploration": {"type": "epsilon", "epsilon": 1}}
    found = rank(config, scores)
    assert all(above < below for above, below in pairwise(order(found)[5:]))
    assert found.propensity[5:].tolist() == [1.0] * 35
    assert np.isnan(found.marginal[5:]).all()  # which rows are left is chance
    swapped = rank({"depth": 5, "exploration": {"type": "swap"}}, scores)
    assert swapped.marginal[5:].tolist() == [1.0] * 35
    assert rank({"rules": [IDLE]}, scores, brand=["a"] * 40).marginal.tolist() == [1.0] * 40
