import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xxhash import xxh3_64_intdigest

from features.hashing import MISSING_TEXT, Hashes, fold, hash_series, hash_text, mix, share
from tests.features.support import TEXTS, text_values

QUICK = settings(deadline=None, max_examples=60)
FEW, MANY = 1, 200  # one value is hashed in Python, 200 in a query


def hashes(*values: int) -> Hashes:
    return np.array(values, np.uint64)


def some(count: int, seed: int = 0) -> Hashes:
    return np.random.default_rng(seed).integers(0, 2**64, count, np.uint64)


def expected(values: list[str | None]) -> list[int]:
    return [xxh3_64_intdigest((value or "").encode(), seed=0) for value in values]


@given(st.lists(text_values(), max_size=4), st.sampled_from([FEW, MANY]))
@QUICK
def test_text_is_hashed_as_xxhash_does(values: list[str | None], times: int) -> None:
    found = hash_text(pl.Series("any", values * times, dtype=pl.String))
    assert found.dtype == np.uint64
    assert found.tolist() == expected(values) * times


# XXH3 has a way of its own for 0, 1-3, 4-8, 9-16, 17-128, 129-240 and more bytes.
@pytest.mark.parametrize("times", [FEW, MANY])
def test_every_length_and_every_awkward_text(times: int) -> None:
    lengths = [*range(20), 64, 127, 128, 129, 239, 240, 241, 1023, 1024, 1025, 5000]
    values = [*TEXTS, *("x" * size for size in lengths), *("é" * size for size in lengths)]
    assert hash_text(pl.Series(values * times)).tolist() == expected([*values]) * times


@pytest.mark.parametrize("rows", [0, 1, 127, 128, 129])
def test_few_and_many_values_agree(rows: int) -> None:
    values = [None if i % 7 == 3 else f"v{i % 50}" for i in range(rows)]
    series = pl.Series(values, dtype=pl.String)
    assert hash_text(series).tolist() == expected([*values])
    assert hash_text(pl.concat([series, series.tail(1), series])[: len(series)]).tolist() == (
        hash_text(series).tolist()
    )


@pytest.mark.parametrize("times", [FEW, MANY])
def test_missing_is_the_empty_text(times: int) -> None:
    assert int(MISSING_TEXT) == xxh3_64_intdigest(b"")
    found = hash_text(pl.Series([None, ""] * times, dtype=pl.String))
    assert (found == MISSING_TEXT).all()
    assert (hash_text(pl.Series([None] * times, dtype=pl.String)) == MISSING_TEXT).all()


def test_the_hash_is_the_published_one() -> None:
    # Of the XXH3 reference: no input, and seed 0.
    assert int(MISSING_TEXT) == 0x2D06800538D394C2
    assert hash_text(pl.Series(["a"])).tolist() == [0xE6C632B61E964E1F]
    assert hash_text(pl.Series(["abc"] * MANY)).tolist() == [0x78AF5F94892F3950] * MANY


def test_a_series_of_hashes_keeps_its_name() -> None:
    found = hash_series(pl.Series("city", ["a", None]))
    assert found.equals(pl.Series("city", expected(["a", None]), dtype=pl.UInt64))
    assert found.name == "city"


def split_mix(state: int, outputs: int) -> list[int]:
    """The generator as Vigna published it, in whole numbers."""
    found = []
    for _ in range(outputs):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
        found.append(z ^ (z >> 31))
    return found


def test_seeds_are_the_outputs_of_split_mix_in_turn() -> None:
    published = [
        0xE220A8397B1DCDAF,
        0x6E789E6AA1B965F4,
        0x06C45D188009454F,
        0xF88BB8A8724C81EC,
        0x1B39896A51A8749B,
    ]
    assert split_mix(0, 5) == published
    assert [int(mix(hashes(0), seed)[0]) for seed in range(5)] == published


@given(st.integers(0, 2**64 - 1), st.integers(0, 9))
@QUICK
def test_mix_is_split_mix_started_at_the_hash(value: int, seed: int) -> None:
    found = mix(hashes(value), seed)
    assert found.dtype == np.uint64
    assert found.tolist() == split_mix(value, seed + 1)[-1:]


def test_seeds_beyond_32_bits_differ() -> None:
    seeds = [0, 1, 1 << 32, (1 << 32) + 1, 7 << 32, 2**31 - 1 + (7 << 32), 2**64 - 1]
    assert len({int(mix(hashes(5), seed)[0]) for seed in seeds}) == len(seeds)


def test_mix_loses_nothing() -> None:
    values = np.concatenate([np.arange(50_000, dtype=np.uint64), some(50_000)])
    assert len(np.unique(mix(values, 3))) == len(np.unique(values))


@given(st.lists(st.integers(0, 2**64 - 1), max_size=9), st.integers(1, 2**31 - 1))
@QUICK
def test_fold_takes_the_high_bits(values: list[int], size: int) -> None:
    found = fold(hashes(*values), size)
    assert found.dtype == np.int32
    assert found.tolist() == [(value >> 32) * size >> 32 for value in values]
    assert ((found >= 0) & (found < size)).all()


def test_the_ends_of_fold_and_share() -> None:
    ends = hashes(0, 2**64 - 1)
    for size in (1, 2, 3, 1 << 24, 2**31 - 3):
        assert fold(ends, size).tolist() == [0, size - 1]
    low, high = share(ends).tolist()
    assert (low, high) == (0.0, 1 - 2**-53)


def chi_squared(counts: np.ndarray) -> float:
    """In standard deviations from its mean, which are its cells less one."""
    mean = counts.sum() / len(counts)
    cells = len(counts) - 1
    return float((((counts - mean) ** 2).sum() / mean - cells) / np.sqrt(2 * cells))


@pytest.mark.parametrize("size", [2, 7, 1000])
@pytest.mark.parametrize("seed", [0, 1, 5 << 32])
def test_values_spread_evenly(size: int, seed: int) -> None:
    texts = pl.Series([f"user_{i}" for i in range(40_000)])
    mixed = mix(hash_text(texts), seed)
    assert abs(chi_squared(np.bincount(fold(mixed, size), minlength=size))) < 6
    assert abs(chi_squared(np.histogram(share(mixed), size, (0, 1))[0])) < 6


def test_seeds_choose_independently() -> None:
    known = hash_text(pl.Series([str(i) for i in range(40_000)]))
    one, other = fold(mix(known, 0), 20), fold(mix(known, 1 << 32), 20)
    assert abs(chi_squared(np.bincount(one * 20 + other, minlength=400))) < 6


@given(st.lists(st.integers(0, 2**64 - 1), max_size=9))
@QUICK
def test_share_is_the_top_53_bits(values: list[int]) -> None:
    found = share(hashes(*values))
    assert found.dtype == np.float64
    assert found.tolist() == [(value >> 11) / 2**53 for value in values]
