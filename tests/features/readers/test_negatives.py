from collections import Counter
from itertools import combinations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.readers.negatives import Untouched


@given(data=st.data(), items=st.integers(2, 12), users=st.integers(1, 4))
def test_draws_are_distinct_and_untouched(data: st.DataObject, items: int, users: int) -> None:
    touched = [
        data.draw(st.lists(st.integers(0, items - 1), min_size=1, max_size=12))
        for _ in range(users)
    ]
    user = np.repeat(np.arange(users), [len(ranks) for ranks in touched])
    untouched = Untouched.of(user, np.concatenate([np.array(t) for t in touched]), users, items)
    for one, ranks in enumerate(touched):
        free = set(range(items)) - set(ranks)
        assert untouched.left[one] == len(free)
        for count in range(len(free) + 1):
            drawn = untouched.draw(np.full(5, one), count, np.random.default_rng(count))
            assert drawn.shape == (5, count)
            for row in drawn.tolist():
                assert len(set(row)) == count
                assert set(row) <= free
            if count == len(free):
                assert set(drawn[0].tolist()) == free


def test_every_subset_is_equally_likely() -> None:
    # Of seven items user 1 touched 0, 3 and 6: six pairs of {1, 2, 4, 5} remain.
    user = np.array([0, 1, 1, 1, 1])
    untouched = Untouched.of(user, np.array([2, 3, 0, 6, 3]), 2, 7)
    draws = 60_000
    drawn = untouched.draw(np.ones(draws, dtype=np.int64), 2, np.random.default_rng(0))
    seen = Counter(tuple(sorted(row)) for row in drawn.tolist())
    assert set(seen) == set(combinations((1, 2, 4, 5), 2))
    # 10,000 expected of each, standard deviation sqrt(60,000 x 1/6 x 5/6) = 91; five of them.
    assert all(abs(times - 10_000) < 456 for times in seen.values())
