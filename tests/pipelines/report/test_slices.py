from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from pipelines.metrics.predictions import Predictions
from pipelines.report.slices import cut, slices


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (pl.Series([1, 2, 2, None]), ["2", "1", "missing"]),
        (pl.Series([1.5, float("nan"), 1.5, None]), ["1.5", "missing"]),
        (pl.Series(["b", "a", "a", ""]), ["a", "", "b"]),
        (pl.Series([True, False, None, True]), ["true", "false", "missing"]),
        (pl.Series([[1, 2], [], None, [3, 4]]), ["2", "0", "missing"]),
        (pl.Series([None] * 4, dtype=pl.String), ["missing"]),
    ],
    ids=["integers", "floats", "texts", "booleans", "lists", "nothing"],
)
def test_values_are_slices(column: pl.Series, names: list[str]) -> None:
    found = list(cut(column))
    assert [name for name, _ in found] == names
    assert sorted(np.concatenate([rows for _, rows in found])) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series(range(100)),
        pl.Series([float("inf"), -float("inf"), *np.arange(98.0)]),
        pl.Series([date(2026, 1, 1) + timedelta(days=i) for i in range(100)]),
    ],
    ids=["integers", "infinite", "dates"],
)
def test_many_numbers_are_cut_into_fifths(column: pl.Series) -> None:
    found = dict(cut(column))
    assert [len(rows) for rows in found.values()] == [20] * 5
    first = column[np.sort(next(iter(found.values())))]
    assert first.max() < column[next(reversed(found.values()))].min()


def test_many_texts_are_the_most_frequent_and_the_rest() -> None:
    found = dict(cut(pl.Series([f"v{i}" for i in range(20)] + ["v3"] * 5)))
    assert len(found) == 9
    assert len(found["v3"]) == 6
    assert len(found["the rest"]) == 12


def test_where_nothing_is_off_few_stand_out() -> None:
    """Of 15 looks at 5 columns that say nothing, hardly one finds anything."""
    rng = np.random.default_rng(0)
    true = 1 / (1 + np.exp(-rng.normal(-1, 1, 2_000)))
    data = Predictions((rng.random(2_000) < true).astype(float), true)
    looks = []
    for _ in range(15):
        columns = {str(i): pl.Series(rng.integers(0, 4, 2_000)) for i in range(5)}
        found = slices(columns, data, None, probabilities=True)["slices"]
        looks.append(any(one["stands_out"] for one in found))
    assert sum(looks) <= 3
