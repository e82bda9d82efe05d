"""The published hashes that ids are found and folded by: the same everywhere, for good."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
import polars_hash as plh
from xxhash import xxh3_64_intdigest

Hashes = npt.NDArray[np.uint64]

MISSING_TEXT = np.uint64(0x2D06800538D394C2)  # of "", which stands for a missing value
_TEXT = plh.col("text").nchash.xxh3_64(seed=0)
_FILLED = _TEXT.fill_null(pl.lit(int(MISSING_TEXT), pl.UInt64))
_FEW = 128  # for fewer values a query costs more than their hashes
GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / golden ratio


def hash_text(text: pl.Series) -> Hashes:
    """XXH3-64, seed 0, of the UTF-8 bytes of a String series: uint64 (n,); null is as ""."""
    if len(text) <= _FEW:
        return np.array(
            [xxh3_64_intdigest((one or "").encode()) for one in text.to_list()], np.uint64
        )
    hashes = _FILLED if text.null_count() else _TEXT
    return text.alias("text").to_frame().select(hashes).to_series().to_numpy()


def hash_series(text: pl.Series) -> pl.Series:
    """As `hash_text`, UInt64."""
    return pl.Series(text.name, hash_text(text), pl.UInt64)


def mix(hashes: Hashes, seed: int) -> Hashes:
    """Independent hashes for each seed."""
    return splitmix(hashes + np.uint64((seed + 1) * GOLDEN % 2**64))


def splitmix(states: Hashes) -> Hashes:
    """The output of each state of SplitMix64, which grow by GOLDEN (Steele et al., OOPSLA 2014)."""
    z = (states ^ (states >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def fold(hashes: Hashes, size: int) -> npt.NDArray[np.int32]:
    """Hashes to 0 .. size - 1, size below 2^31, by their high bits (Lemire, 2019)."""
    return (((hashes >> np.uint64(32)) * np.uint64(size)) >> np.uint64(32)).astype(np.int32)


def share(hashes: Hashes) -> npt.NDArray[np.float64]:
    """Hashes to [0, 1)."""
    return (hashes >> np.uint64(11)) / float(2**53)
