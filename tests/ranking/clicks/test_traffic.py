import numpy as np
import numpy.typing as npt
import pytest

from ranking.clicks.pages import Pages, Variant
from ranking.clicks.traffic import Impressions, sessions
from ranking.clicks.users import user

SIZES = np.array([5, 1, 3, 2])
ROWS = int(SIZES.sum())
RELEVANCE = np.linspace(0.1, 0.9, ROWS)
SCORES = np.random.default_rng(1).standard_normal((2, ROWS))


def shown(depth: int, shuffle: float, swap: float, times: int = 1, seed: int = 0) -> Impressions:
    pages = Pages.of(SCORES, SIZES, depth, shuffle, swap)
    users = user("pbm", 1.0, depth)
    (found,) = sessions(pages, RELEVANCE, users, times, np.random.default_rng(seed))
    return found


def test_plain_pages_are_the_loggers_order() -> None:
    """Each query once a round, the best of its documents down to the depth."""
    found = shown(depth=3, shuffle=0, swap=0, times=50)
    assert len(found.lists.sizes) == 200
    assert np.bincount(found.session).tolist() == found.lists.sizes.tolist()
    ends = np.cumsum(found.lists.sizes)
    starts = np.cumsum(SIZES) - SIZES
    for session, (end, size) in enumerate(zip(ends, found.lists.sizes, strict=True)):
        rows = slice(end - size, end)
        query, logger = found.query[rows][0], found.logger[rows][0]
        own = np.arange(starts[query], starts[query] + SIZES[query])
        best = own[np.argsort(-SCORES[logger, own])][:3]
        assert found.row[rows].tolist() == best.tolist(), session
    firsts = found.query[ends - 1].reshape(50, 4)
    assert (np.sort(firsts, axis=1) == np.arange(4)).all()  # whole rounds
    assert len(np.unique(firsts, axis=0)) > 10  # in an order of their own
    assert set(found.logger) == {0, 1}
    assert set(found.variant) == {Variant.plain}


@pytest.mark.parametrize(("shuffle", "swap"), [(0, 0), (1, 0), (0, 1), (0.3, 0.5)])
@pytest.mark.parametrize("depth", [1, 2, 3, 10])
def test_propensities_are_how_often_a_document_stands_there(
    depth: int, shuffle: float, swap: float
) -> None:
    times = 1_600
    found = shown(depth, shuffle, swap, times)
    place: npt.NDArray[np.int64] = found.row * depth + found.lists.position
    often = np.bincount(place, minlength=ROWS * depth) / times
    np.testing.assert_allclose(found.propensity, often[place], atol=0.05)
    size = np.minimum(SIZES, depth)
    query = np.repeat(np.arange(4), SIZES)
    pages = Pages.of(SCORES, SIZES, depth, shuffle, swap)
    for position in range(depth):
        rows = np.flatnonzero(size[query] > position)
        chance = pages.propensity(rows, np.full(len(rows), position), size[query[rows]])
        whole = np.bincount(query[rows], chance, 4)
        np.testing.assert_allclose(whole[size > position], 1)  # something stands there


def test_variants_take_their_shares() -> None:
    found = shown(5, 0.2, 0.3, times=2_000)
    first = found.lists.position == 0
    shares = np.bincount(found.variant[first], minlength=3) / first.sum()
    np.testing.assert_allclose(shares, [0.5, 0.2, 0.3], atol=0.02)


def test_a_swap_moves_two_documents() -> None:
    found = shown(5, 0.0, 1.0, times=500)
    own = (found.query == 0) & (found.logger == 0)
    best = np.argsort(-SCORES[0, :5])
    moved = found.row[own].reshape(-1, 5) != best
    assert (moved.sum(axis=1) == 2).all()
    assert moved[:, 0].all()
    partners = moved[:, 1:].mean(axis=0)
    np.testing.assert_allclose(partners, 0.25, atol=0.08)


def test_the_seed_decides() -> None:
    one, same, other = (shown(5, 0.2, 0.2, 50, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.row, same.row)
    np.testing.assert_array_equal(one.click, same.click)
    assert not np.array_equal(one.click, other.click)


def test_clicks_are_those_of_the_users() -> None:
    found = shown(5, 0.3, 0.3, times=3_000, seed=1)
    by_position = np.bincount(found.lists.position, found.click)
    expected = np.bincount(found.lists.position, found.probability)
    spread = np.bincount(found.lists.position, found.probability * (1 - found.probability))
    assert (np.abs(by_position - expected) < 4 * np.sqrt(spread)).all()
    np.testing.assert_allclose(found.examined, 1 / (1 + found.lists.position))
    np.testing.assert_allclose(found.probability, found.examined * RELEVANCE[found.row])


def test_long_logs_come_in_parts() -> None:
    pages = Pages.of(SCORES, SIZES, 10, 0, 0)
    parts = list(sessions(pages, RELEVANCE, user("pbm", 1, 10), 5_000, np.random.default_rng(0)))
    assert len(parts) > 1
    every = np.concatenate([part.session for part in parts])
    assert (np.diff(every) >= 0).all()
    assert np.unique(every).tolist() == list(range(20_000))
