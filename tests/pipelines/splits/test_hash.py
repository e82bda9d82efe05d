from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.splits.hash import ByHash
from pipelines.splits.split import PARTS


def test_hash_never_divides_a_key_and_follows_the_shares(parts: Callable[..., list[str]]) -> None:
    keys = [f"user {i % 4000}" for i in range(20_000)]
    split = ByHash(column="u", train=0.7, valid=0.2, test=0.1)
    found = parts(split, pl.DataFrame({"u": keys}), batch=999)
    assert len(set(zip(keys, found, strict=True))) == 4000
    assert found.count("train") / len(found) == pytest.approx(0.7, abs=0.03)
    assert found.count("test") / len(found) == pytest.approx(0.1, abs=0.02)


def siphash_2_4(data: bytes, key: bytes) -> int:
    """Aumasson & Bernstein, INDOCRYPT 2012, as in their reference."""
    mask = 2**64 - 1
    k0, k1 = (int.from_bytes(key[i : i + 8], "little") for i in (0, 8))
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D]
    v += [k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rotate(x: int, bits: int) -> int:
        return ((x << bits) | (x >> (64 - bits))) & mask

    def rounds(count: int) -> None:
        for _ in range(count):
            v[0] = (v[0] + v[1]) & mask
            v[2] = (v[2] + v[3]) & mask
            v[1], v[3] = rotate(v[1], 13) ^ v[0], rotate(v[3], 16) ^ v[2]
            v[0] = (rotate(v[0], 32) + v[3]) & mask
            v[2] = (v[2] + v[1]) & mask
            v[1], v[3] = rotate(v[1], 17) ^ v[2], rotate(v[3], 21) ^ v[0]
            v[2] = rotate(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) % 256])
    for i in range(0, len(padded), 8):
        word = int.from_bytes(padded[i : i + 8], "little")
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def splitmix64(x: int) -> int:
    """The finalizer of Steele et al., OOPSLA 2014."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = ((x ^ (x >> shift)) * factor) % 2**64
    return x ^ (x >> 31)


@pytest.mark.parametrize("seed", [0, 7])
def test_hash_is_siphash_under_the_seed(seed: int) -> None:
    keys = ["a", "user 12", "é\U0001f600", "", "12345678", *map(str, range(50))]
    split = ByHash(column="u", seed=seed, train=0.25, ranker=0.25, valid=0.25, test=0.25)
    key = f"{seed:016d}".encode()
    hashed = [splitmix64(siphash_2_4(one.encode(), key)) for one in keys]
    expected = [PARTS[one >> 62] for one in hashed]
    assert split.assign(pl.DataFrame({"u": keys}), 0, None).to_list() == expected


def test_a_seed_changes_the_hash() -> None:
    frame = pl.DataFrame({"u": list(range(200))})
    one = ByHash(column="u", seed=1).assign(frame, 0, None)
    two = ByHash(column="u", seed=2).assign(frame, 0, None)
    assert one.to_list() != two.to_list()


@settings(deadline=None)
@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=50), st.integers(1, 20))
def test_hash_does_not_depend_on_how_rows_are_cut(keys: list[int], cut: int) -> None:
    frame = pl.DataFrame({"u": pl.Series(keys, dtype=pl.Int64)})
    split = ByHash(column="u")
    whole = split.assign(frame, 0, None).to_list()
    pieces = [
        part
        for start in range(0, len(keys), cut)
        for part in split.assign(frame[start : start + cut], start, None).to_list()
    ]
    assert pieces == whole
