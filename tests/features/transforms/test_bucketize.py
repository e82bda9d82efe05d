import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features import store
from features.errors import DataError, SchemaError
from features.fit import fit
from features.index import FIRST, MISSING
from features.schema import Schema
from features.transforms.bucketize import Bucketize
from features.transforms.mdl import entropy

NAN, INF = math.nan, math.inf
Labelled = list[tuple[float, int]]


def learned(values: list[Any], labels: list[int] | None = None, **options: Any) -> list[float]:
    feature = {"type": "bucketize", "column": "x", **options}
    frame = pl.DataFrame({"x": values, "y": labels or [0] * len(values)}, strict=False)
    encoder = fit(Schema.model_validate({"features": [feature], "label": "y"}), [frame])
    edges = encoder.states["bucketize:x"].arrays["edges"]
    assert edges.dtype == np.float64
    assert encoder.layout.vocabularies == {"bucketize:x": len(edges) + 1 + FIRST}
    return edges.tolist()


def encoded(edges: list[float], values: pl.Series) -> list[int]:
    schema = Schema.model_validate(
        {"features": [{"type": "bucketize", "column": "x", "edges": edges}]}
    )
    found = fit(schema, [pl.DataFrame({"other": [1]})]).encode(values.to_frame("x"))
    assert found.schema == {"x": pl.Int32}
    return [row - FIRST if row != MISSING else -1 for row in found["x"]]


def test_edges_by_hand() -> None:
    values = pl.Series([17.0, 18, 29.9, 30, 1e300, -1e300, NAN, INF, -INF, None])
    assert encoded([18, 30], values) == [0, 1, 1, 2, 2, 0, -1, -1, -1, -1]


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt64, pl.Float32, pl.Decimal(9, 2), pl.Boolean])
def test_types_may_drift(dtype: Any) -> None:
    assert encoded([1], pl.Series([0, 1, None]).cast(dtype)) == [0, 1, -1]


def test_no_rows_and_no_values() -> None:
    assert encoded([1], pl.Series([None, None])) == [-1, -1]
    assert encoded([1], pl.Series([], dtype=pl.Float64)) == []


@given(st.lists(st.floats() | st.none()), st.lists(st.floats(-9, 9), min_size=1, unique=True))
@settings(deadline=None, max_examples=60)
def test_a_value_is_in_the_bucket_whose_edges_hold_it(
    values: list[float | None], edges: list[float]
) -> None:
    edges = sorted({edge + 0.0 for edge in edges})  # -0.0 is 0.0
    found = encoded(edges, pl.Series(values, dtype=pl.Float64))
    for value, bucket in zip(values, found, strict=True):
        if value is None or not math.isfinite(value):
            assert bucket == -1
        else:
            assert bucket == sum(edge <= value for edge in edges)


def counts(values: list[Any], edges: list[float]) -> list[int]:
    return np.histogram(values, [-INF, *edges, INF])[0].tolist()


def test_quantiles_divide_into_equal_counts() -> None:
    assert learned([*range(1, 11)], buckets=10) == [*range(2, 11)]
    assert learned([*range(1, 11)], buckets=2) == [6]
    values = np.random.default_rng(0).permutation(10_000) * 0.5
    found = learned(values.tolist(), buckets=20)
    assert counts(values.tolist(), found) == [500] * 20


def test_one_value_of_many_rows_is_still_told_from_the_others() -> None:
    assert learned([0] * 90 + [1] * 10, buckets=10) == [1]
    assert learned([0] * 10 + [1] * 90, buckets=10) == [1]
    assert learned([None, NAN, INF, 5, 5, 5]) == []
    assert learned([1, 1, 2, 2, 3, 3], buckets=3) == [2, 3]


@given(st.lists(st.integers(-50, 50), min_size=1), st.integers(2, 20))
@settings(deadline=None, max_examples=60)
def test_no_bucket_holds_more_than_its_share_and_one_value(values: list[int], n: int) -> None:
    edges = learned(values, buckets=n)
    assert len(edges) < n
    assert set(edges) <= set(values)
    most = max(values.count(value) for value in values)
    assert max(counts(values, edges)) <= len(values) / n + most
    assert min(counts(values, edges)) > 0


def test_widths_by_hand() -> None:
    assert learned([0, 1, 10, None], by="width", buckets=4) == [2.5, 5, 7.5]
    assert learned([-1.7e308, 1.7e308], by="width", buckets=2) == [0]
    assert learned([0.1] * 9, by="width", buckets=7) == []


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.integers(2, 20))
@settings(deadline=None, max_examples=60)
def test_widths_are_equal_and_within_the_values(values: list[float], n: int) -> None:
    edges = learned(values, by="width", buckets=n)
    assert all(min(values) < edge <= max(values) for edge in edges)
    assert edges == sorted(set(edges))
    if len(edges) == n - 1 and max(values) - min(values) < 1e300:
        widths = np.diff([min(values), *edges, max(values)])
        scale = max(abs(min(values)), abs(max(values)))
        assert np.allclose(widths, (max(values) - min(values)) / n, rtol=1e-6, atol=1e-13 * scale)


# Fayyad and Irani, written from the paper for lists: no histogram, no running sums, no arrays.


def bits(labels: list[int]) -> float:
    shares = [labels.count(label) / len(labels) for label in set(labels)]
    return -sum(share * math.log2(share) for share in shares)


def ranked_cuts(rows: Labelled) -> list[tuple[float, float]]:
    """Gain of the cut before each distinct value but the first, best first."""
    values, labels = [value for value, _ in rows], [label for _, label in rows]
    found = []
    for cut in sorted(set(values))[1:]:
        below = [label for value, label in rows if value < cut]
        above = [label for value, label in rows if value >= cut]
        kept = (len(below) * bits(below) + len(above) * bits(above)) / len(rows)
        found.append((bits(labels) - kept, cut))
    return sorted(found, key=lambda one: (-one[0], one[1]))


def admitted(rows: Labelled, gain: float, cut: float) -> float:
    """By how much the gain exceeds the price of the cut's description."""
    below = [label for value, label in rows if value < cut]
    above = [label for value, label in rows if value >= cut]
    k, k1, k2 = (len({*some}) for some in ([label for _, label in rows], below, above))
    whole = bits([label for _, label in rows])
    delta = math.log2(3**k - 2) - (k * whole - k1 * bits(below) - k2 * bits(above))
    return gain - (math.log2(len(rows) - 1) + delta) / len(rows)


def slow_edges(rows: Labelled) -> Iterator[float]:
    cuts = ranked_cuts(rows)
    if not cuts:
        return
    gain, cut = cuts[0]
    excess = admitted(rows, gain, cut)
    # What rounding decides is not compared.
    assume(len(cuts) < 2 or gain - cuts[1][0] > 1e-9)
    assume(abs(excess) > 1e-9)
    if excess > 0:
        yield cut
        yield from slow_edges([row for row in rows if row[0] < cut])
        yield from slow_edges([row for row in rows if row[0] >= cut])


def told(order: np.random.Generator, rows: int, sharp: float) -> Labelled:
    values = order.integers(0, 40, rows)
    chance = 1 / (1 + np.exp(-sharp * np.sin(values / 6)))
    return [*zip(values.tolist(), (order.random(rows) < chance).astype(int).tolist(), strict=True)]


@given(st.integers(0, 10_000), st.integers(2, 250), st.sampled_from([0.0, 1.0, 3.0, 30.0]))
@settings(deadline=None, max_examples=60)
def test_cuts_agree_with_the_paper(seed: int, rows: int, sharp: float) -> None:
    some = told(np.random.default_rng(seed), rows, sharp)
    expected = sorted(slow_edges(some))
    values, labels = [value for value, _ in some], [label for _, label in some]
    assert learned(values, labels, by="target", buckets=1000) == expected


def test_one_perfect_cut() -> None:
    values = [*range(100)] * 3
    assert learned(values, [int(one >= 37) for one in values], by="target") == [37]
    assert learned(values, [int(20 <= one < 60) for one in values], by="target") == [20, 60]


def test_labels_that_nothing_tells_are_not_cut() -> None:
    order = np.random.default_rng(0)
    values, labels = order.normal(size=5000).tolist(), order.integers(0, 2, 5000).tolist()
    assert learned(values, labels, by="target") == []
    assert learned([1, 2, 3], [1, 1, 1], by="target") == []
    assert learned([1], [1], by="target") == []


def test_fewer_buckets_keep_the_best_cuts() -> None:
    some = told(np.random.default_rng(4), 3000, 3.0)
    values, labels = [value for value, _ in some], [label for _, label in some]
    kept = [set(learned(values, labels, by="target", buckets=n)) for n in range(2, 12)]
    assert len(kept[-1]) >= 4
    assert all(less <= more for less, more in pairwise(kept))
    assert kept[0] == {ranked_cuts(some)[0][1]}


def test_entropy_by_hand() -> None:
    assert entropy([0, 1, 0.5, 0.25]).tolist() == pytest.approx([0, 0, 1, 0.8112781245])


def test_missing_numbers_teach_nothing_of_the_label() -> None:
    values, labels = [*range(50), None, NAN, INF], [*([0] * 25 + [1] * 25), 1, 1, 1]
    assert learned(values, labels, by="target") == [25]


def test_labels_are_zeros_and_ones() -> None:
    with pytest.raises(DataError, match="Labels must be 0 or 1"):
        learned([1, 2], [0, 2], by="target")


@pytest.mark.parametrize("by", ["quantile", "width", "target"])
def test_a_column_without_numbers_teaches_nothing(by: str) -> None:
    with pytest.raises(DataError, match="Column 'x' must hold numbers to learn buckets from"):
        learned([None, NAN, INF], by=by)


def test_a_single_bucket_survives_the_disk(tmp_path: Path) -> None:
    schema = Schema.model_validate({"features": [{"type": "bucketize", "column": "x"}]})
    encoder = fit(schema, [pl.DataFrame({"x": [5, 5]})])
    store.save(encoder, tmp_path / "encoder")
    asked = pl.DataFrame({"x": [4, 5, None]})
    assert store.load(tmp_path / "encoder").encode(asked)["x"].to_list() == [2, 2, 0]


@pytest.mark.parametrize("edges", [[], [1, 1], [2, 1], [NAN], [INF]])
def test_edges_ascend(edges: list[float]) -> None:
    with pytest.raises(ValidationError, match="ascend|at least 1|finite"):
        Bucketize(name="x", column="x", edges=tuple(edges))


def test_text_is_refused() -> None:
    with pytest.raises(SchemaError, match="Column 'x' must hold numbers; it holds String"):
        encoded([1], pl.Series(["1"]))
