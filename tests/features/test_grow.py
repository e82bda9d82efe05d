"""An encoder that grows: what it knew encodes as before, and what is new gets rows of its own."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import store
from features.encoder import Encoder
from features.errors import FingerprintError
from features.fit import fit
from features.schema import Schema


def schema(*features: dict[str, Any], **more: Any) -> Schema:
    return Schema.model_validate({"features": list(features), **more})


def ids(**options: Any) -> Schema:
    return schema({"type": "id", "column": "x", **options})


def frame(*values: Any, column: str = "x") -> pl.DataFrame:
    return pl.DataFrame({column: list(values)})


def known(encoder: Encoder, key: str = "x") -> list[str]:
    vocabulary = encoder.states[key].vocabulary
    assert vocabulary is not None
    return vocabulary.values.to_list()


def rows(encoder: Encoder, *values: Any) -> list[int]:
    return encoder.encode(frame(*values))["x"].to_list()


def test_new_values_follow_the_known_ones_by_hand() -> None:
    """b: 2, a: 1 on the first day; then c comes 3 times and d twice, and b is the most frequent."""
    first = fit(ids(), [frame("b", "b", "a")])
    second = fit(ids(), [frame("c", "d", "b", "b"), frame("b", "b", "c", "d", "c", None)],
                 earlier=first)  # fmt: skip
    assert known(first) == ["b", "a"]
    assert known(second) == ["b", "a", "c", "d"]
    assert rows(first, None, "x", "b", "a", "c", "d") == [0, 1, 2, 3, 1, 1]
    assert rows(second, None, "x", "b", "a", "c", "d") == [0, 1, 2, 3, 4, 5]
    third = fit(ids(), [frame("x")], earlier=second)
    assert rows(third, None, "x", "b", "a", "c", "d") == [0, 6, 2, 3, 4, 5]


def test_a_log_without_news_changes_nothing() -> None:
    first = fit(ids(), [frame("b", "b", "a")])
    assert fit(ids(), [frame("a", None)], earlier=first).fingerprint == first.fingerprint
    assert fit(ids(), [frame(None)], earlier=first).fingerprint == first.fingerprint


def test_limits_are_of_the_later_log_and_of_the_whole_vocabulary() -> None:
    first = fit(ids(min_count=2), [frame(*"aab")])
    second = fit(ids(min_count=2), [frame(*"bcc")], earlier=first)
    assert known(second) == ["a", "c"]  # b came once a day
    first = fit(ids(max_size=3), [frame(*"ab")])
    second = fit(ids(max_size=3), [frame(*"abccdd"), frame("d")], earlier=first)
    assert known(second) == ["a", "b", "d"]
    assert fit(ids(max_size=3), [frame(*"ccc")], earlier=second).fingerprint == second.fingerprint


def test_a_bloom_filter_grows_as_counting_does() -> None:
    grown = []
    for options in ({}, {"admission": "bloom"}):
        declared = ids(min_count=2, **options)
        first = fit(declared, lambda: [frame(*"aab")])
        grown.append(known(fit(declared, lambda: [frame(*"bcca"), frame(*"b")], earlier=first)))
    assert grown == [["a", "b", "c"], ["a", "b", "c"]]


def test_each_log_takes_in_by_a_chance_of_its_own() -> None:
    """Once a day with 0.2 each, of 4000 values 4000 (1 - 0.8^3) are known after three days."""
    declared = ids(admission="poisson", probability=0.2)
    day = frame(*(f"{i}" for i in range(4000)))
    encoder = fit(declared, [day])
    for _ in range(2):
        encoder = fit(declared, [day], earlier=encoder)
    assert len(known(encoder)) == pytest.approx(4000 * (1 - 0.8**3), abs=150)


def test_a_file_of_values_grows_by_its_new_lines(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("a\nb\n")
    first = fit(ids(file="x.txt"), [frame("q")], tmp_path)
    (tmp_path / "x.txt").write_text("c\nb\nd\n")
    second = fit(ids(file="x.txt"), [frame("q")], tmp_path, first)
    assert known(second) == ["a", "b", "c", "d"]


def test_all_else_stays_as_it_was() -> None:
    """Buckets, scales, edges and rates of the label encode the later log by the first."""
    declared = schema(
        {"type": "id", "column": "x", "buckets": 5},
        {"type": "numeric", "column": "n"},
        {"type": "numeric", "column": "n", "name": "q", "scale": "quantile"},
        {"type": "bucketize", "column": "n", "name": "b", "buckets": 3},
        {"type": "target", "column": "x", "name": "t", "smoothing": 1.0},
        label="y",
        query="g",
    )

    def day(start: int) -> pl.DataFrame:
        n = np.arange(start, start + 50)
        return pl.DataFrame({"x": n % 7, "n": n * 1.0, "y": n % 3 == 0, "g": n % 10})

    first = fit(declared, [day(0)])
    second = fit(declared, [day(500)], earlier=first)
    assert second.fingerprint == first.fingerprint
    assert second.encode(day(0)).equals(first.encode(day(0)))


VALUES = st.lists(st.none() | st.text(max_size=3) | st.integers(0, 30).map(str), max_size=30)
HISTORY = schema(
    {"type": "id", "column": "x", "min_count": 2},
    {"type": "sequence", "column": "h", "vocabulary": "x", "max_length": 4},
    {"type": "id", "column": "x", "name": "few", "max_size": 5},
)


@settings(max_examples=60, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=4))
def test_what_an_encoder_told_apart_it_encodes_as_before(days: list[list[str | None]]) -> None:
    """After each day all earlier rows encode to the same, but for unseen values that became
    known; and every known value has a row of its own."""

    def log(values: list[str | None]) -> pl.DataFrame:
        texts = pl.Series("x", values, pl.String)
        lists = pl.Series("h", [values[:i] for i in range(len(values))], pl.List(pl.String))
        return pl.DataFrame([texts, lists])

    everything = log([one for day in days for one in day])
    encoder = fit(HISTORY, [log(["a", "a", "0"])])
    for day in days:
        before = encoder.encode(everything)
        encoder = fit(HISTORY, [log(day)], earlier=encoder)
        after = encoder.encode(everything)
        for name in ("x", "few", "h"):
            old, new = before[name].explode(), after[name].explode()
            assert (new.filter(old != 1) == old.filter(old != 1)).all()
        values = known(encoder)
        assert len(set(values)) == len(values)
        assert rows_of(encoder, values) == list(range(2, 2 + len(values)))


def rows_of(encoder: Encoder, values: list[str]) -> list[int]:
    empty = pl.Series("h", [[]] * len(values), pl.List(pl.String))
    return encoder.encode(pl.DataFrame([pl.Series("x", values, pl.String), empty]))["x"].to_list()


def test_a_loaded_encoder_grows_and_is_saved(tmp_path: Path) -> None:
    store.save(fit(ids(), [frame("b", "b", "a")]), tmp_path / "first")
    grown = fit(ids(), [frame("c")], earlier=store.load(tmp_path / "first"))
    store.save(grown, tmp_path / "second")
    assert rows(store.load(tmp_path / "second"), "b", "a", "c", "d") == [2, 3, 4, 1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"features": [{"type": "id", "column": "x", "min_count": 2}]}, r"features \(x\)"),
        ({"features": [{"type": "id", "column": c} for c in "xz"]}, r"features \(z\)"),
        ({"label": "click"}, r"label \('click', which was 'y'\)"),
        ({"checks": [{"column": "x", "max_null_rate": 0.5}]}, r"checks \(x\)"),
    ],
)
def test_another_declaration_is_refused(change: dict[str, Any], told: str) -> None:
    first = {"features": [{"type": "id", "column": "x"}], "label": "y"}
    earlier = fit(Schema.model_validate(first), [pl.DataFrame({"x": ["a"], "y": [1]})])
    with pytest.raises(FingerprintError, match=f"differ in {told}. Declare them"):
        fit(Schema.model_validate(first | change), [frame("a")], earlier=earlier)
