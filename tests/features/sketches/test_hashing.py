import polars as pl
from features.sketches.hashing import hashes


def test_the_published_values_of_xxh3() -> None:
    # XXH3_64bits of "" and "a", seed 0, from the reference implementation's own test tables.
    found = hashes(pl.Series(["", "a", None, "é" * 1000]))
    assert found.dtype == pl.UInt64
    assert found[:3].to_list() == [0x2D06800538D394C2, 0xE6C632B61E964E1F, None]
    assert found[3] is not None
