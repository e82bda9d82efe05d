"""Every model against a slow one, that goes through all that may have happened in a session."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest

from ranking.clicks.appeal import Appeal
from ranking.clicks.cascade import Cascade
from ranking.clicks.dbn import Dbn
from ranking.clicks.em import Effort
from ranking.clicks.fit import fit
from ranking.clicks.lists import Lists
from ranking.clicks.model import ClickModel
from ranking.clicks.pbm import Pbm
from ranking.clicks.trust import Trust
from ranking.clicks.ubm import Ubm

UBM = Ubm(examination=((0.9,), (0.5, 0.8), (0.3, 0.4, 0.7), (0.2, 0.1, 0.5, 0.6)))
MODELS: list[ClickModel] = [
    Pbm(examination=(0.9, 0.5, 0.3, 0.2)),
    Trust(
        examination=(0.9, 0.5, 0.3, 0.2),
        true_click=(0.9, 0.8, 0.8, 0.7),
        false_click=(0.6, 0.3, 0.2, 0.1),
    ),
    UBM,
    Cascade(),
    Dbn(continuation=0.8),
    Dbn(continuation=1.0),
]
NAMES = [f"{type(one).__name__}{i}" for i, one in enumerate(MODELS)]
ATTRACTION = np.array([0.4, 0.7, 0.2, 0.5])
SATISFACTION = np.array([0.3, 0.6, 0.9, 0.5])


@dataclass(frozen=True)
class World:
    """What happened, row by row from the top; `went` is None where nobody had the choice."""

    chance: float
    look: tuple[bool, ...] = ()
    click: tuple[bool, ...] = ()
    stop: tuple[bool, ...] = ()
    went: tuple[bool | None, ...] = ()


def coin(chance: float) -> list[tuple[bool, float]]:
    return [(True, chance), (False, 1 - chance)]


def worlds(model: Any, attraction: Any, satisfaction: Any, done: World) -> Iterator[World]:
    """All that may follow what is `done`."""
    k = len(done.click)
    if k == len(attraction):
        yield done
        return
    before = [j for j in range(k) if done.click[j]]
    if isinstance(model, Ubm):
        looks = coin(model.examination[k][before[-1] + 1 if before else 0])
    elif isinstance(model, Dbn | Cascade):
        looks = [(k == 0 or bool(done.went[-1]), 1.0)]
    else:
        looks = coin(model.examination[k])
    gamma = model.continuation if isinstance(model, Dbn) else 1.0
    for look, p_look in looks:
        chance = attraction[k]
        if isinstance(model, Trust):
            chance = chance * model.true_click[k] + (1 - chance) * model.false_click[k]
        for click, p_click in coin(chance) if look else [(False, 1.0)]:
            content = 1.0 if isinstance(model, Cascade) else satisfaction[k]
            for stop, p_stop in coin(content) if click else [(False, 1.0)]:
                choices = coin(gamma) if look and not stop else [(None, 1.0)]
                for went, p_went in choices:
                    following = World(
                        done.chance * p_look * p_click * p_stop * p_went,
                        (*done.look, look), (*done.click, click), (*done.stop, stop),
                        (*done.went, went),
                    )  # fmt: skip
                    yield from worlds(model, attraction, satisfaction, following)


def every(model: ClickModel, rows: int = 4) -> list[World]:
    return list(worlds(model, ATTRACTION[:rows], SATISFACTION[:rows], World(1.0)))


APPEAL = Appeal(ATTRACTION, SATISFACTION)
ONE = Lists.of(np.array([4]))


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_looks_and_clicks(model: ClickModel) -> None:
    found = every(model)
    chance = np.array([one.chance for one in found])
    assert chance.sum() == pytest.approx(1)
    looks = np.array([one.look for one in found])
    clicks = np.array([one.click for one in found])
    np.testing.assert_allclose(model.examined(APPEAL, ONE), chance @ looks)
    np.testing.assert_allclose(model.probability(APPEAL, ONE), chance @ clicks)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_given_the_clicks_before(model: ClickModel) -> None:
    found = every(model)
    chance = np.array([one.chance for one in found])
    clicks = np.array([one.click for one in found])
    for seen in product([False, True], repeat=4):
        of = model.conditional(APPEAL, ONE, np.array(seen))
        for k in range(4):
            same = (clicks[:, :k] == seen[:k]).all(axis=1)
            if chance[same].sum() > 0:
                expected = chance[same & clicks[:, k]].sum() / chance[same].sum()
                assert of[k] == pytest.approx(expected), (seen, k)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_lists_of_any_length_are_read_one_by_one(model: ClickModel) -> None:
    sizes = np.array([2, 4, 1, 3, 4])
    rows = np.concatenate([np.arange(size) for size in sizes])
    appeal, lists = APPEAL[rows], Lists.of(sizes)
    uniform = np.random.default_rng(0).random(len(rows))
    click = model.respond(appeal, lists, uniform)
    ends = np.cumsum(sizes)
    for start, end in zip(ends - sizes, ends, strict=True):
        own, only = Lists.of(np.array([end - start])), APPEAL[rows[start:end]]
        part = model.respond(only, own, uniform[start:end])
        np.testing.assert_array_equal(click[start:end], part)
        for whole, alone in [
            (model.examined(appeal, lists), model.examined(only, own)),
            (model.probability(appeal, lists), model.probability(only, own)),
            (model.conditional(appeal, lists, click), model.conditional(only, own, part)),
        ]:
            np.testing.assert_allclose(whole[start:end], alone)


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_drawn_clicks_are_as_frequent_as_they_should_be(model: ClickModel) -> None:
    many = 40_000
    relevance = np.tile(ATTRACTION, many)
    sizes = np.full(many, 4)
    click = model.simulate(relevance, sizes, np.random.default_rng(0))
    again = model.simulate(relevance, sizes, np.random.default_rng(0))
    assert click.dtype == np.float32
    np.testing.assert_array_equal(click, again)
    expected = model.probability(Appeal.of(ATTRACTION), ONE)
    np.testing.assert_allclose(click.reshape(-1, 4).mean(axis=0), expected, atol=0.01)
    pairs = click.reshape(-1, 4)[:, 0] * click.reshape(-1, 4)[:, 2]
    found = [*worlds(model, ATTRACTION, ATTRACTION, World(1.0))]
    both = sum(one.chance for one in found if one.click[0] and one.click[2])
    assert pairs.mean() == pytest.approx(both, abs=0.01)


# Sessions of three documents, in several orders and lengths.
SESSIONS = [
    ((0, 1, 2), (1, 0, 0)), ((1, 0, 2), (0, 1, 1)), ((2, 0), (0, 0)), ((0, 2, 1), (0, 0, 0)),
    ((1, 2, 0), (1, 1, 0)), ((2, 1), (1, 0)), ((0,), (1,)), ((1, 2, 0), (0, 0, 1)),
]  # fmt: skip


def slow_em(model: Any, steps: int) -> tuple[Any, Any, Any, Any]:
    """Attraction, satisfaction, examination by state, continuation: expected over all worlds."""
    attraction, satisfaction = np.full(3, 0.5), np.full(3, 0.5)
    for _ in range(steps):
        parts: dict[Any, float] = defaultdict(float)
        wholes: dict[Any, float] = defaultdict(float)
        for documents, observed in SESSIONS:
            order = list(documents)
            found = worlds(model, attraction[order], satisfaction[order], World(1.0))
            same = [one for one in found if one.click == tuple(map(bool, observed))]
            total = sum(one.chance for one in same)
            for one in same:
                count(parts, wholes, documents, one, one.chance / total)
        share = {key: parts[key] / wholes[key] for key in wholes if wholes[key] > 0}
        attraction = np.array([share["attraction", i] for i in range(3)])
        satisfaction = np.array([share["satisfaction", i] for i in range(3)])
        if isinstance(model, Dbn):
            model = Dbn(continuation=share["continuation"])
        elif isinstance(model, Ubm):
            model = Ubm(examination=tuple(
                tuple(share.get(("look", k, j), 0.5) for j in range(k + 1)) for k in range(3)
            ))  # fmt: skip
        else:
            model = Pbm(examination=tuple(
                (parts["look", k, 0] + parts["look", k, 1] + parts["look", k, 2])
                / (wholes["look", k, 0] + wholes["look", k, 1] + wholes["look", k, 2])
                for k in range(3)
            ))  # fmt: skip
    return attraction, satisfaction, model, share


def count(parts: Any, wholes: Any, documents: Any, one: World, weight: float) -> None:
    last = 0
    for k, document in enumerate(documents):
        wholes["look", k, last] += weight
        parts["look", k, last] += weight * one.look[k]
        wholes["attraction", document] += weight * one.look[k]
        parts["attraction", document] += weight * one.click[k]
        wholes["satisfaction", document] += weight * one.click[k]
        parts["satisfaction", document] += weight * one.stop[k]
        if k + 1 < len(documents) and one.went[k] is not None:
            wholes["continuation"] += weight
            parts["continuation"] += weight * one.went[k]
        last = k + 1 if one.click[k] else last


@pytest.mark.parametrize("kind", ["pbm", "ubm", "dbn"])
def test_steps_of_em(kind: str) -> None:
    half = tuple((0.5,) * (k + 1) for k in range(3))
    starts = {
        "pbm": Pbm(examination=(0.5,) * 3), "ubm": Ubm(examination=half), "dbn": Dbn()
    }  # fmt: skip
    document = np.array([one for documents, _ in SESSIONS for one in documents])
    click = np.array([one for _, clicks in SESSIONS for one in clicks])
    sizes = np.array([len(documents) for documents, _ in SESSIONS])
    position = Lists.of(sizes).position
    steps = 4
    effort = Effort(iterations=steps, prior=0)
    found = fit(kind, document, position, click, sizes, effort)
    attraction, satisfaction, model, _ = slow_em(starts[kind], steps)
    np.testing.assert_allclose(found.appeal.attraction, attraction)
    if kind == "dbn":
        np.testing.assert_allclose(found.appeal.satisfaction, satisfaction)
        assert isinstance(found.model, Dbn)
        assert found.model.continuation == pytest.approx(model.continuation)
    else:
        looks = np.concatenate([np.atleast_1d(row) for row in found.model.examination])  # type: ignore[attr-defined]
        expected = np.concatenate([np.atleast_1d(row) for row in model.examination])
        np.testing.assert_allclose(looks, expected)
    # The trace is of the parameters before each step.
    last = fit(kind, document, position, click, sizes, Effort(iterations=steps - 1, prior=0))
    reached = last.log_likelihood(document, position, click, sizes) * len(sizes)
    assert found.trace[-1] == pytest.approx(reached)
    assert all(later > earlier for earlier, later in pairwise(found.trace))
