from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.errors import DataError
from features.hashing import hash_text
from features.index import FIRST, MISSING, UNSEEN
from features.statistics import Counts
from features.vocabulary import Vocabulary


def vocabulary(*values: str) -> Vocabulary:
    return Vocabulary.of(pl.Series(values, dtype=pl.String))


def learned(values: list[str | None], **limits: int) -> list[str]:
    counts = Counts.of(pl.Series(values, dtype=pl.String))
    return Vocabulary.from_counts(counts, **limits).values.to_list()


def rows(known: Vocabulary, values: list[str | None]) -> list[int]:
    found = known.index.find(hash_text(pl.Series(values, dtype=pl.String)))
    assert found.dtype == np.int32
    return found.tolist()


def test_the_most_frequent_come_first_and_ties_are_in_the_order_of_the_text() -> None:
    assert learned(["b", "c", "b", "a", "c", None, "d", "é", "Z"]) == ["b", "c", "Z", "a", "d", "é"]


def test_limits() -> None:
    values = [*"aaabbbccd", None, None]
    assert learned(values, min_count=2) == ["a", "b", "c"]
    assert learned(values, max_size=2) == ["a", "b"]
    assert learned(values, min_count=3, max_size=1) == ["a"]
    assert learned(values, min_count=4) == []


def test_missing_unseen_and_known_rows() -> None:
    known = vocabulary("b", "a")
    assert rows(known, [None, "x", "b", "a", "", "A", "b "]) == [0, 1, 2, 3, 0, 1, 1]
    assert (MISSING, UNSEEN, FIRST, known.rows) == (0, 1, 2, 4)


def test_an_empty_vocabulary_knows_nothing() -> None:
    assert rows(vocabulary(), [None, "x", ""]) == [MISSING, UNSEEN, MISSING]
    assert vocabulary().rows == 2


@pytest.mark.parametrize("size", [0, 1, 253, 254, 255, 256, 65_534, 65_536])
def test_rows_hold_beyond_every_width_of_code(size: int) -> None:
    known = Vocabulary.of(pl.Series([f"v{i}" for i in range(size)], dtype=pl.String))
    wanted = [f"v{i}" for i in (0, size - 1, size)]
    assert rows(known, wanted)[1:] == ([size - 1 + FIRST, UNSEEN] if size else [UNSEEN, UNSEEN])
    assert known.rows == size + FIRST


AWKWARD = st.text(max_size=4) | st.sampled_from(["\0", "\0\0", "'", '"', "🦀", "x" * 5000, "null"])


@given(st.lists(AWKWARD.filter(bool), unique=True, max_size=12), st.lists(AWKWARD | st.none()))
@settings(deadline=None, max_examples=60)
def test_lookup_agrees_with_a_dictionary(values: list[str], asked: list[str | None]) -> None:
    expected = {value: row for row, value in enumerate(values, FIRST)} | {None: 0, "": 0}
    assert rows(vocabulary(*values), asked) == [expected.get(one, UNSEEN) for one in asked]


def test_a_large_vocabulary_survives_the_disk(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).permutation(200_000)
    known = Vocabulary.of(pl.Series(numbers).cast(pl.String))
    known.save(tmp_path / "v.arrow")
    loaded = Vocabulary(known.size, known.index, tmp_path / "v.arrow")
    assert loaded.values.equals(known.values)
    asked = [str(numbers[i]) for i in (0, 77, 199_999)]
    assert rows(loaded, asked) == [FIRST, 77 + FIRST, 199_999 + FIRST]


def test_the_digest_sees_order_and_where_values_end() -> None:
    some = [(), ("ab",), ("a", "b"), ("b", "a"), ("ab", "c"), ("a", "bc"), ("é",), ("e", "\u0301")]
    assert len({vocabulary(*values).index.digest for values in some}) == len(some)


def test_the_digest_is_that_of_the_values_alone() -> None:
    chunked = pl.concat([pl.Series("x", ["a"]), pl.Series("x", ["b"])], rechunk=False)
    assert Vocabulary.of(chunked).index.digest == vocabulary("a", "b").index.digest


def read(path: Path) -> pl.Series:
    return Vocabulary(0, vocabulary().index, path).values


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"value": [1, 2]}),
        pl.DataFrame({"other": ["a"]}),
    ],
)
def test_what_is_no_vocabulary_is_refused(tmp_path: Path, frame: pl.DataFrame) -> None:
    frame.write_ipc(tmp_path / "v.arrow", compression="uncompressed")
    with pytest.raises(DataError, match=r"v\.arrow must"):
        read(tmp_path / "v.arrow")


def test_an_absent_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"v\.arrow must be a vocabulary"):
        read(tmp_path / "v.arrow")
    with pytest.raises(DataError, match="must be a vocabulary"):
        read(tmp_path)


def test_a_cut_file_is_refused_wherever_it_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "v.arrow"
    vocabulary(*(f"value number {i}" for i in range(500))).save(path)
    whole = path.read_bytes()
    for size in [*range(0, 200, 20), *range(200, len(whole), 800), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"v\.arrow must be a vocabulary"):
            read(path)


def test_a_damaged_file_is_refused_or_read_but_never_takes_the_process_down(tmp_path: Path) -> None:
    # Polars' own reader panics or aborts on some of these.
    path = tmp_path / "v.arrow"
    vocabulary(*(f"value number {i}" for i in range(500))).save(path)
    whole = path.read_bytes()
    order = np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        for place in order.integers(0, len(whole), 3) % order.choice([600, len(whole)]):
            damaged[-1 - place] = order.integers(256)
        path.write_bytes(damaged)
        try:
            read(path)
        except DataError:
            refused += 1
    assert refused > 100
