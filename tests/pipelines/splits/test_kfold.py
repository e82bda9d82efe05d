from collections import Counter
from collections.abc import Callable

import polars as pl
import pytest

from pipelines.splits.hash import ByHash
from pipelines.splits.kfold import KFold

KEYS = [f"user {i % 700}" for i in range(3000)]
FRAME = pl.DataFrame({"u": KEYS})


@pytest.mark.parametrize(("k", "ranker"), [(3, 0), (5, 0), (5, 2), (10, 1)])
def test_each_row_takes_each_turn_once(
    parts: Callable[..., list[str]], k: int, ranker: int
) -> None:
    turns = zip(
        *(parts(KFold(column="u", k=k, fold=fold, ranker=ranker), FRAME, 999) for fold in range(k)),
        strict=True,
    )
    wanted = Counter(test=1, valid=1, ranker=ranker, train=k - 2 - ranker)
    assert all(Counter(row) == +wanted for row in turns)


def test_the_next_fold_validates(parts: Callable[..., list[str]]) -> None:
    found = [parts(KFold(column="u", k=4, fold=fold), FRAME, 999) for fold in range(4)]
    for fold, row in enumerate(found):
        tests_next = [part == "test" for part in found[(fold + 1) % 4]]
        assert [part == "valid" for part in row] == tests_next


def test_no_key_straddles_two_folds(parts: Callable[..., list[str]]) -> None:
    found = parts(KFold(column="u", k=5, fold=2), FRAME, 13)
    assert len(set(zip(KEYS, found, strict=True))) == 700


def test_folds_are_of_like_size_and_follow_the_seed() -> None:
    users = pl.DataFrame({"u": list(range(20_000))})
    found = [KFold(column="u", k=5, seed=seed).assign(users, 0, None) for seed in (0, 1)]
    for one in found:
        assert (one == "test").mean() == pytest.approx(0.2, abs=0.015)
    assert not found[0].equals(found[1])


def test_folds_are_hash_splits_of_equal_shares() -> None:
    users = pl.DataFrame({"u": list(range(1000))})
    hashed = ByHash(column="u", seed=3, train=0.25, ranker=0.25, valid=0.25, test=0.25)
    first = hashed.assign(users, 0, None) == "train"
    assert (KFold(column="u", k=4, fold=0, seed=3).assign(users, 0, None) == "test").equals(first)
