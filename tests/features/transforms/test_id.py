import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import DataError, SchemaError
from features.index import FIRST, MISSING, UNSEEN
from features.layout import IdField
from features.plan import Plan
from features.state import State
from features.statistics import Counts
from features.transforms.id import Id
from features.vocabulary import Vocabulary

CITY = Id(name="city", column="town")
KNOWN = State(vocabulary=Vocabulary.of(pl.Series(["7", "8", "1", "x", "2024-01-31"])))


def encoded(values: pl.Series, feature: Id = CITY) -> list[int]:
    plan = Plan([(feature, KNOWN)], [], {"town": values.dtype})
    found = plan({"town": values}, len(values))
    assert found.ids.dtype == np.int32
    return found.ids[0].tolist()


def kept(feature: Id, counts: Counts) -> list[str]:
    known = feature.finalize(counts, Path()).vocabulary
    assert known is not None
    return known.values.to_list()


def test_the_key_is_the_vocabulary_that_is_named_or_its_own() -> None:
    assert CITY.key == "city"
    assert Id(name="city", column="town", vocabulary="places").key == "places"


def test_observes_its_column() -> None:
    found = CITY.count(pl.DataFrame({"town": [7.0, 8.0, 7.0, None, float("nan")]}))
    assert dict(found.table.iter_rows()) == {"7": 2, "8": 1}
    assert found.nulls == 2


def test_finalizes_within_its_limits() -> None:
    counts = Counts.of(pl.Series([*"aaabbc"]))
    limited = Id(name="city", column="town", min_count=2, max_size=1)
    assert kept(CITY, counts) == ["a", "b", "c"]
    assert kept(limited, counts) == ["a"]


@pytest.mark.parametrize("values", [[None, None], ["", ""], []])
def test_a_column_without_values_teaches_nothing(values: list[Any]) -> None:
    counts = CITY.count(pl.DataFrame({"town": pl.Series(values, dtype=pl.String)}))
    with pytest.raises(DataError, match=f"Column 'town' must hold values.* all {len(values)} rows"):
        CITY.finalize(counts, Path())


@pytest.mark.parametrize(
    "values",
    [
        pl.Series([7, 9, None]),
        pl.Series([7, 9, None], dtype=pl.UInt8),
        pl.Series([7.0, 7.5, None]),
        pl.Series([7.0, float("inf"), float("nan")]),
        pl.Series(["7", "x" * 100_000, ""]),
        pl.Series(["7", "'", None], dtype=pl.Categorical),
        pl.Series(["7", "🦀", ""], dtype=pl.Enum(["", "🦀", "7"])),
    ],
)
def test_known_unseen_and_missing_in_any_type(values: pl.Series) -> None:
    assert encoded(values) == [FIRST, UNSEEN, MISSING]


def test_booleans_and_dates() -> None:
    assert encoded(pl.Series([True, False, None])) == [4, UNSEEN, MISSING]
    assert encoded(pl.Series([dt.date(2024, 1, 31), dt.date(1, 1, 1), None])) == [6, 1, 0]


def test_no_values_and_no_rows() -> None:
    assert encoded(pl.Series([None, None])) == [MISSING, MISSING]
    for dtype in (pl.String, pl.Int64, pl.Float64, pl.Null, pl.Categorical):
        assert encoded(pl.Series([], dtype=dtype)) == []


def test_a_list_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"Column 'town'.*sequence"):
        CITY.read(pl.List(pl.Int64()))


def test_its_field_names_the_vocabulary() -> None:
    assert CITY.field(KNOWN) == IdField(name="city", vocabulary="city")
    shared = Id(name="city", column="town", vocabulary="places")
    assert shared.field(KNOWN) == IdField(name="city", vocabulary="places")
