"""Known users are found again, by a likelihood that only rises."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError, DataError
from ranking.clicks.dbn import Dbn
from ranking.clicks.em import Effort
from ranking.clicks.fit import FITS, fit
from ranking.clicks.fitted import FittedClicks
from ranking.clicks.lists import Lists
from ranking.clicks.users import user

LEARNED = ("pbm", "ubm", "dbn")
USERS = {
    "pbm": user("pbm", 0.8, 6),
    "ubm": user("ubm", 0.6, 6),
    "dbn": Dbn(continuation=0.85),
    "cascade": user("cascade", 1.0, 6),
}


@pytest.mark.parametrize("kind", LEARNED)
@pytest.mark.parametrize("prior", [0.0, 1.0])
def test_no_step_loses(kind: str, prior: float, log_of: Callable[..., Any]) -> None:
    """Whoever the users are."""
    for model in USERS.values():
        log = log_of(model, lists=400)
        effort = Effort(iterations=60, tolerance=-np.inf, prior=prior)
        trace = fit(kind, *log.arguments, effort).trace
        assert len(trace) == 60
        assert all(later >= earlier - 1e-7 for earlier, later in pairwise(trace))
        assert trace[-1] > trace[0] + 1


@pytest.mark.parametrize("kind", USERS)
def test_users_are_found_again(kind: str, log_of: Callable[..., Any]) -> None:
    log = log_of(USERS[kind])
    found = fit(kind, *log.arguments)
    true = FittedClicks(USERS[kind], found.documents, log.truth, found.examination, ())
    assert found.documents.tolist() == list(range(60))
    # Looks times attraction; each alone is only told up to a factor by pbm and ubm.
    apart = found.probability(*log.arguments[:2], log.lists.sizes) - true.probability(
        *log.arguments[:2], log.lists.sizes
    )
    assert np.abs(apart).mean() < 0.01
    ratio = found.appeal.attraction / log.truth.attraction
    assert np.std(ratio / np.median(ratio)) < 0.1
    looks = true.examined(*log.arguments[:2], log.lists.sizes)
    by_position = np.bincount(log.lists.position, looks) / np.bincount(log.lists.position)
    np.testing.assert_allclose(found.examination, by_position / by_position[0], rtol=0.1)
    if kind == "dbn":
        assert found.model.continuation == pytest.approx(0.85, abs=0.01)  # type: ignore[attr-defined]
        assert np.abs(found.appeal.satisfaction - log.truth.satisfaction).mean() < 0.06


@pytest.mark.parametrize("kind", LEARNED)
def test_the_right_model_foretells_best(kind: str, log_of: Callable[..., Any]) -> None:
    """Clicks that none has seen; PBM is a UBM, and differs from it by luck alone."""
    log, other = log_of(USERS[kind], 6_000), log_of(USERS[kind], 6_000, seed=1)
    measured = {one: fit(one, *log.arguments).log_likelihood(*other.arguments) for one in LEARNED}
    best = max(measured, key=lambda one: measured[one])
    assert {best, kind} in ({kind}, {"pbm", "ubm"})


def test_ubm_finds_pbm(log_of: Callable[..., Any]) -> None:
    """It is the more general one."""
    log = log_of(USERS["pbm"])
    found = fit("ubm", *log.arguments)
    np.testing.assert_allclose(found.examination, np.arange(1, 7.0) ** -0.8, rtol=0.1)


def test_cascade_by_hand() -> None:
    """Looked at: a, b of the first list; b of the second; a, b of the third."""
    document = np.array(["a", "b", "c", "b", "a", "a", "b"])
    click = np.array([0, 1, 0, 1, 0, 0, 0])
    sizes = np.array([3, 2, 2])
    lists = Lists.of(sizes)
    found = fit("cascade", document, lists.position, click, sizes, Effort(prior=0))
    assert found.documents.tolist() == ["a", "b", "c"]
    # c was never looked at.
    np.testing.assert_allclose(found.appeal.attraction, [0, 2 / 3, 1 / 2])
    prior = fit("cascade", document, lists.position, click, sizes, Effort(prior=6))
    np.testing.assert_allclose(prior.appeal.attraction, [3 / 8, 5 / 9, 1 / 2])


def test_sdbn_by_hand() -> None:
    """Looked at: a, b of the first list; b, a, c of the second; a, b of the third, not clicked."""
    document = np.array(["a", "b", "c", "b", "a", "c", "a", "b"])
    click = np.array([0, 1, 0, 1, 0, 1, 0, 0])
    sizes = np.array([3, 3, 2])
    lists = Lists.of(sizes)
    found = fit("sdbn", document, lists.position, click, sizes, Effort(prior=0))
    np.testing.assert_allclose(found.appeal.attraction, [0, 2 / 3, 1])
    np.testing.assert_allclose(found.appeal.satisfaction, [0.5, 1 / 2, 1])  # a: no click, no idea
    assert found.model == Dbn(continuation=1.0)


@pytest.mark.parametrize("kind", FITS)
def test_state_is_json(kind: str, log_of: Callable[..., Any]) -> None:
    log = log_of(USERS["dbn"], lists=200)
    names = np.array([f"q{one // 6}/d{one % 6}" for one in log.document])
    found = fit(kind, names, *log.arguments[1:])
    again = FittedClicks.read(json.loads(json.dumps(found.state())))
    assert again.state() == found.state()
    assert again.model == found.model
    for measure in ("log_likelihood", "conditional"):
        np.testing.assert_array_equal(
            getattr(again, measure)(names, *log.arguments[1:]),
            getattr(found, measure)(names, *log.arguments[1:]),
        )


def test_a_document_it_does_not_know_is_the_mean_one(log_of: Callable[..., Any]) -> None:
    found = fit("pbm", *log_of(USERS["pbm"], lists=500).arguments)
    appeal = found.of(np.array([3, -1, 10_000]))
    mean = found.appeal.attraction.mean()
    np.testing.assert_allclose(appeal.attraction, [found.appeal.attraction[3], mean, mean])


def test_positions_may_have_gaps() -> None:
    """What was filtered out of a page leaves the others where they stood."""
    rng = np.random.default_rng(0)
    position = np.tile([0, 3], 20_000)
    document = np.where(rng.random(20_000) < 0.5, 0, 1)
    document = np.stack([document, 1 - document], axis=1).ravel()
    chance = np.where(document == 0, 0.6, 0.3) * np.where(position == 0, 1, 0.25)
    click = rng.random(40_000) < chance
    found = fit("pbm", document, position, click, np.full(20_000, 2))
    assert found.examination.shape == (4,)
    np.testing.assert_allclose(found.examination[[0, 3]], [1, 0.25], rtol=0.05)
    np.testing.assert_allclose(found.examination[[1, 2]], 1)  # nothing was shown there


def test_refusals() -> None:
    document, position, click, sizes = np.arange(4), np.array([0, 1, 0, 1]), np.eye(4)[0], [2, 2]
    with pytest.raises(ConfigError, match=r"'pmb'. Did you mean 'pbm'"):
        fit("pmb", document, position, click, sizes)
    with pytest.raises(DataError, match=r"add up to 3 and there are 4"):
        fit("pbm", document, position, click, [2, 1])
    with pytest.raises(DataError, match=r"row 3 is at 1, after 1"):
        fit("pbm", document, np.array([0, 1, 1, 1]), click, sizes)
    with pytest.raises(DataError, match=r"row 0 is at -1, after none"):
        fit("pbm", document, position - 1, click, sizes)
    with pytest.raises(DataError, match=r"one is empty"):
        fit("pbm", document, position, click, [4, 0])
    with pytest.raises(DataError, match=r"there are none"):
        fit("pbm", document[:0], position[:0], click[:0], [])
    with pytest.raises(DataError, match=r"row 1 has 2"):
        fit("pbm", document, position, np.array([0, 2, 0, 1]), sizes)
    with pytest.raises(DataError, match=r"row 2 has nan"):
        fit("pbm", document, position, np.array([0, 1, np.nan, 1]), sizes)
    with pytest.raises(DataError, match=r"have none"):
        fit("pbm", document, position, np.zeros(4), sizes)
    with pytest.raises(DataError, match=r"document for each of the 4 rows; its shape is \(3,\)"):
        fit("pbm", document[:3], position, click, sizes)


def test_damaged_states_are_refused(log_of: Callable[..., Any]) -> None:
    state = fit("ubm", *log_of(USERS["pbm"], lists=50).arguments).state()
    with pytest.raises(DataError, match=r"it holds model"):
        FittedClicks.read({"model": state["model"]})
    with pytest.raises(DataError, match="different lengths"):
        FittedClicks.read({**state, "attraction": [0.5]})
    crooked = {"type": "ubm", "examination": [[0.5], [0.5]]}
    with pytest.raises(DataError, match="position 1 must have 2 values"):
        FittedClicks.read({**state, "model": crooked})
