"""How values get rows: limits, admission by chance, bloom filters, files, buckets."""

import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from xxhash import xxh3_64_intdigest

from features.encoder import Encoder
from features.errors import ConfigError, DataError
from features.fit import fit
from features.hashing import hash_text
from features.index import FIRST, MISSING
from features.layout import SequenceField
from features.schema import Schema
from features.sketches import sieve
from features.sketches.sieve import Sieve
from features.statistics import Counts
from features.transforms.id import Id


def schema(**options: Any) -> Schema:
    return Schema.model_validate({"features": [{"type": "id", "column": "x", **options}]})


def frames(values: Any, cuts: list[int] | None = None) -> list[pl.DataFrame]:
    whole = pl.DataFrame({"x": values})
    return [whole[start:end] for start, end in pairwise([0, *sorted(cuts or []), whole.height])]


def known(encoder: Encoder) -> list[str]:
    vocabulary = encoder.states["x"].vocabulary
    assert vocabulary is not None
    return vocabulary.values.to_list()


def learned(values: Any, cuts: list[int] | None = None, **options: Any) -> list[str]:
    return known(fit(schema(**options), lambda: frames(values, cuts)))


def chance(rows: int = 3) -> dict[str, Any]:
    return {"admission": "poisson", "probability": 0.2, "min_count": rows}


@pytest.mark.parametrize("times", [1, 2, 5, 20])
@pytest.mark.parametrize("p", [0.01, 0.2, 0.9])
def test_a_value_is_taken_in_with_the_chance_of_its_times(times: int, p: float) -> None:
    values = [f"{times} {i}" for i in range(4000)] * times
    taken = len(learned(["once taken"] * 10_000 + values, admission="poisson", probability=p)) - 1
    expected = 1 - (1 - p) ** times
    assert abs(taken / 4000 - expected) < 5 * math.sqrt(expected * (1 - expected) / 4000) + 1e-3


def test_who_is_taken_in_depends_on_the_value_and_its_times_alone() -> None:
    values = np.random.default_rng(0).zipf(1.3, 5000) % 1000
    once = learned(values, **chance(1))
    assert learned(values[::-1].copy(), [0, 17, 17, 3000], **chance(1)) == once
    assert learned(np.concatenate([values, np.full(50, 10**9)]), **chance(1)) != []
    more = learned(np.concatenate([values, values]), **chance(1))
    assert set(once) < set(more)
    assert learned(values, admission="poisson", probability=1) == learned(values)


def test_the_limits_hold_for_those_taken_in() -> None:
    values = [str(i) for i in range(2000)] + [str(i) for i in range(1000)] * 2
    found = learned(values, **chance(3))
    assert all(int(one) < 1000 for one in found)
    assert len(found) == pytest.approx(1000 * (1 - 0.8**3), abs=80)
    assert learned(values, max_size=7, **chance(3)) == found[:7]


def test_none_taken_in_is_told() -> None:
    with pytest.raises(DataError, match="of its 3 values, none was taken in by chance"):
        learned([*"abc"], admission="poisson", probability=1e-9)
    with pytest.raises(DataError, match="most frequent value was seen 1 times, and must be 2"):
        learned([*"abc"], min_count=2)


@pytest.mark.parametrize("min_count", [2, 3, 50])
@pytest.mark.parametrize("cuts", [[], [1, 1000, 19_999]])
def test_a_bloom_filter_gives_the_vocabulary_that_counting_gives(
    min_count: int, cuts: list[int]
) -> None:
    order = np.random.default_rng(0)
    values = order.permutation(
        np.concatenate([order.zipf(1.2, 10_000), np.arange(10**7, 10**7 + 10_000)])
    )
    counted = learned(values, cuts, min_count=min_count)
    assert learned(values, cuts, min_count=min_count, admission="bloom") == counted
    assert 0 < len(counted) < 3000


def test_a_crowded_bloom_filter_does_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sieve, "_CELLS", 64)  # in which each value shares its cells
    values = np.random.default_rng(0).zipf(1.2, 3000)
    options = {"min_count": 5, "max_size": 30}
    assert learned(values, [700, 701], **options, admission="bloom") == learned(values, **options)


def test_frames_are_read_twice_and_only_once_without_a_filter() -> None:
    asked = 0

    def read() -> Iterator[pl.DataFrame]:
        nonlocal asked
        asked += 1
        yield from frames([*"aab"])

    fit(schema(min_count=2), read)
    assert asked == 1
    bloom = schema(min_count=2, admission="bloom")
    assert known(fit(bloom, read)) == ["a"]
    assert known(fit(bloom, frames([*"aab"]))) == ["a"]
    some = iter(frames([*"aab"]))
    for once in (some, lambda: some):
        with pytest.raises(ConfigError, match="reads the rows twice; give a function"):
            fit(bloom, once)


def test_what_shares_a_vocabulary_is_sifted_together() -> None:
    both = [
        {"type": "id", "column": "x", "min_count": 3, "admission": "bloom"},
        {"type": "sequence", "column": "seen", "vocabulary": "x"},
    ]
    frame = pl.DataFrame({"x": ["a", "a", "b"], "seen": [["a", "b"], ["b", "c"], None]})
    assert known(fit(Schema.model_validate({"features": both}), [frame])) == ["a", "b"]


COUNTS = st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 200_000), max_size=30)


def counts(held: dict[str, int]) -> Counts:
    types = {"value": pl.String, "count": pl.UInt64}
    return Counts(pl.DataFrame([*held.items()], schema=types, orient="row"), 0)


@given(COUNTS, COUNTS, st.integers(1, 150_000))
@settings(deadline=None, max_examples=25)
def test_a_sieve_keeps_all_that_may_be_frequent(
    one: dict[str, int], other: dict[str, int], least: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sieve, "_CELLS", 256)
        both = Sieve.of(counts(one)).merge(Sieve.of(counts(other)))
        total = {key: one.get(key, 0) + other.get(key, 0) for key in one | other}
        kept = dict(both.sift(counts(total), least).table.iter_rows())
        assert both.cells.dtype == np.uint16
        assert {key for key, count in total.items() if count >= least} <= kept.keys()
        assert kept.items() <= total.items()
        again = Sieve.of(counts(other)).merge(Sieve.of(counts(one)))
        assert np.array_equal(again.cells, both.cells)


def test_a_sieve_lets_nearly_nothing_rare_through() -> None:
    rare = {str(i): 1 for i in range(50_000)}
    seen = Sieve.of(counts(rare))
    assert seen.sift(counts(rare), 2).table.height < 5
    assert len(seen.cells) == 1 << 24


LISTED = "b\n  a \n\nb\r\n7.0\nc\u2028d\nlast"


def test_a_file_lists_the_values_in_order(tmp_path: Path) -> None:
    for mark in ("", "\ufeff"):  # some editors start a file with a byte order mark
        (tmp_path / "list.txt").write_bytes((mark + LISTED).encode())
        found = fit(schema(file="list.txt"), frames([1]), tmp_path)
        assert known(found) == ["b", "  a ", "7.0", "c\u2028d", "last"]
        asked = pl.DataFrame({"x": ["last", "b", "zz", None, ""]})
        assert found.encode(asked)["x"].to_list() == [6, 2, 1, 0, 0]


def test_a_file_needs_no_column_to_learn_from(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a")
    assert known(fit(schema(file="list.txt"), [pl.DataFrame({"y": [1]})], tmp_path)) == ["a"]


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "be a text file"), (b"\xff\xfe", "be a text file"), (b"\r\n\n", "it lists none")],
)
def test_a_file_that_lists_nothing(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(DataError, match=rf"vocabulary .*list\.txt must .*{message}"):
        fit(schema(file="list.txt"), frames([1]), tmp_path)


def bucket(text: str, buckets: int, seed: int = 0, draw: int = 0) -> int:
    """By the published definitions: XXH3, an output of SplitMix64, the high bits."""
    z = (xxh3_64_intdigest(text.encode()) + (seed + (draw << 32) + 1) * 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2**64
    return FIRST + (((z ^ (z >> 31)) >> 32) * buckets >> 32)


def bucketed(values: Any, **options: Any) -> list[Any]:
    encoder = fit(schema(**options), [pl.DataFrame({"y": [1]})])
    assert encoder.layout.vocabularies == {"x": options["buckets"] + FIRST}
    return encoder.encode(pl.DataFrame({"x": values}))["x"].to_list()


TEXTS = ["a", "user_7", "🦀", "x" * 5000, "0"]


@pytest.mark.parametrize("times", [1, 100])
@pytest.mark.parametrize(
    "options", [{"buckets": 1}, {"buckets": 1000, "seed": 7}, {"buckets": 2**31 - 3}]
)
def test_buckets_are_those_of_the_published_hashes(options: Any, times: int) -> None:
    assert bucketed(TEXTS * times, **options) == [bucket(text, **options) for text in TEXTS] * times
    assert bucketed([None, "", 7.0, 7][:2], **options) == [MISSING, MISSING]
    assert bucketed([7.0], **options) == bucketed(["7"], **options) == bucketed([7], **options)


def test_buckets_are_the_same_for_good() -> None:
    # Models hold these rows: another hash must come with another name.
    assert bucketed(["a", "user_7", "🦀"], buckets=1000) == [860, 262, 940]
    assert bucketed(["a", "user_7", "🦀"], buckets=1000, seed=1) == [621, 192, 821]


def test_several_hashes_are_independent_choices() -> None:
    values = [str(i) for i in range(5000)]
    pairs = bucketed(values, buckets=50, hashes=2, seed=3)
    assert pairs == [[bucket(text, 50, 3, draw) for draw in range(2)] for text in values]
    assert [first for first, _ in pairs] == bucketed(values, buckets=50, seed=3)
    assert sum(first == second for first, second in pairs) == pytest.approx(100, abs=50)
    # Two values share one row often, and both seldom.
    assert len({tuple(pair) for pair in pairs}) > 2000
    assert bucketed([None, "", "a"], buckets=50, hashes=3)[:2] == [[0, 0, 0]] * 2


def test_several_hashes_are_a_sequence() -> None:
    encoder = fit(schema(buckets=9, hashes=4), [pl.DataFrame({"y": [1]})])
    assert encoder.layout.fields == (SequenceField(name="x", vocabulary="x", length=4),)
    batch = encoder.batch(pl.DataFrame({"x": ["a", None]}))
    assert batch.sequences["x"].shape == (2, 4)
    assert batch.ids.shape == (2, 0)


def test_buckets_of_a_list_are_those_of_its_elements() -> None:
    listed = {"type": "sequence", "column": "x", "buckets": 30}
    encoder = fit(Schema.model_validate({"features": [listed]}), [pl.DataFrame({"y": [1]})])
    found = encoder.encode(pl.DataFrame({"x": [["a", None, "7"], [], None]}))["x"].to_list()
    assert found == [[bucket("a", 30), bucket("7", 30)], [], []]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"buckets": 9, "min_count": 2}, "`buckets` hash every value, so that `min_count` mean"),
        ({"buckets": 9, "file": "a", "max_size": 1}, "`file`, `max_size` mean nothing"),
        ({"file": "a", "admission": "poisson"}, "`file` lists the values, so that `admission`"),
        ({"probability": 0.5}, '`probability` is of admission = "poisson"'),
        ({"probability": 0.5, "admission": "bloom", "min_count": 2}, "`probability` is of"),
        ({"admission": "bloom"}, "needs a min_count of 2 or more"),
        ({"hashes": 2}, "several `hashes` need `buckets`"),
        ({"buckets": 2**31 - 2}, "less than or equal"),
        ({"buckets": 0}, "greater than or equal"),
        ({"admission": "poisson", "probability": 0}, "greater than 0"),
        ({"admission": "chance"}, "'count', 'poisson' or 'bloom'"),
    ],
)
def test_options_that_do_not_hold_together(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Id(name="x", column="x", **options)


def test_the_empty_text_is_missing_in_every_way(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("a")
    for options in ({}, {"file": "list.txt"}, {"buckets": 5}, {"buckets": 5, "seed": 9}):
        found = fit(schema(**options), frames(["a", "a"]), tmp_path)
        for values in ([None], [""], [math.nan]):
            assert found.encode(pl.DataFrame({"x": values}))["x"].to_list() == [MISSING]
    assert hash_text(pl.Series(["a"])).tolist() == [xxh3_64_intdigest(b"a")]
