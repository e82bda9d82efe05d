"""Harvesting from rankers that are known by what they showed, and click models as estimators."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from features.errors import DataError
from ranking.propensity.click_model import click_model
from ranking.propensity.rankers import harvest_rankers


def test_two_rankers_tell_examination_within_a_tenth(log_of: Callable[..., Any]) -> None:
    log = log_of(5, 80_000, eta=1.0)
    found = harvest_rankers(*log.plain, item=log.item, ranker=log.ranker, draws=10)
    assert np.abs(np.array(found.examination) / log.truth - 1).max() < 0.1


def test_lists_of_no_ranker_and_rows_that_were_moved_are_left_out(logged: Any) -> None:
    found = harvest_rankers(*logged.plain, item=logged.item, ranker=logged.ranker, draws=10)
    sizes = np.append(logged.sizes, 10)
    position = np.append(logged.position, logged.position[:10])
    click = np.append(logged.click, np.ones(10, np.float32))
    items = np.append(logged.item, np.roll(logged.item[:10], 3))
    for number in (-1, logged.ranker[0]):  # shuffled; once elsewhere than all other times
        with_one = harvest_rankers(
            sizes, position, click, item=items, ranker=np.append(logged.ranker, number), draws=10
        )
        assert with_one.examination == pytest.approx(found.examination, rel=0.02)
        assert sum(with_one.impressions) <= sum(found.impressions) + 3


def test_what_harvesting_needs_is_named(logged: Any, shuffled: Any) -> None:
    given = {"item": logged.item, "draws": 10}
    with pytest.raises(DataError, match=r"two or more rankers; `ranker` names 1\."):
        harvest_rankers(*logged.plain, ranker=np.zeros_like(logged.ranker), **given)
    with pytest.raises(DataError, match=r"one position most of the time.*2\d% of the rows"):
        harvest_rankers(*shuffled.plain, item=shuffled.item, ranker=shuffled.ranker)


@pytest.mark.parametrize("kind", ["pbm", "ubm"])
def test_click_models_know_how_far_users_look(kind: str, shuffled: Any) -> None:
    found = click_model(*shuffled.plain, item=shuffled.item, kind=kind, draws=10)
    assert np.abs(np.array(found.examination) / shuffled.truth - 1).max() < 0.25
    inside = (np.array(found.low) <= shuffled.truth) & (shuffled.truth <= found.high)
    assert inside.sum() >= 7  # of 10: each of 95%, and drawn ten times only
    assert found.estimator == kind
