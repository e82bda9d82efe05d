"""Trust bias from shuffled lists, where the users are known."""

import numpy as np
import pytest

from features.errors import DataError
from ranking.clicks.trust import Trust
from ranking.clicks.users import user
from ranking.propensity.randomised import randomised
from ranking.propensity.trust import trust

DEPTH, LISTS = 5, 40_000


def log(relevance: np.ndarray, seed: int = 0) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    query = random.integers(len(relevance) // DEPTH, size=LISTS)[:, None]
    item = (query * DEPTH + np.argsort(random.random((LISTS, DEPTH)), axis=1)).ravel()
    sizes = np.full(LISTS, DEPTH)
    click = user("trust", 1.0, DEPTH).simulate(relevance[item], sizes, random)
    return sizes, np.tile(np.arange(DEPTH), LISTS), click, item


def test_lines_are_those_of_the_users() -> None:
    relevance = np.random.default_rng(1).random(500)
    *plain, item = log(relevance)
    users = user("trust", 1.0, DEPTH)
    assert isinstance(users, Trust)
    looks, true, false = (
        np.array(one) for one in (users.examination, users.true_click, users.false_click)
    )
    alpha, beta = looks * (true - false), looks * false
    found = trust(*plain, item=item, draws=20)
    assert found.trust is not None
    assert np.abs(np.array(found.examination) / (alpha / alpha[0]) - 1).max() < 0.15
    assert found.trust.beta == pytest.approx(beta - alpha / alpha[0] * beta[0], abs=0.02)
    inside = (np.array(found.low) <= alpha / alpha[0]) & (alpha / alpha[0] <= found.high)
    assert inside.sum() >= 4
    # Examination that knows no trust is far off: what stands high is clicked in vain.
    naive = np.array(randomised(*plain, draws=10).examination)
    assert np.abs(naive / (alpha / alpha[0]) - 1).max() > 0.3
    at_top = looks[0] * (false[0] + (true[0] - false[0]) * relevance[item])
    mended = found.trust.corrected(plain[1], plain[2])
    assert abs((mended - at_top)[plain[1] == 3].mean()) < 0.03


def test_what_tells_nothing_is_refused() -> None:
    *plain, item = log(np.full(500, 0.5))
    with pytest.raises(DataError, match="Items must differ"):
        trust(*plain, item=item, draws=10)
    with pytest.raises(DataError, match="items that return, in lists that show all 5 positions"):
        trust(*plain, item=np.arange(len(item)), draws=10)
