from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from pydantic import TypeAdapter, ValidationError

from features.errors import SchemaError
from features.readers.source import Source
from pipelines.splits.column import ByColumn
from pipelines.splits.registry import AnySplit
from pipelines.splits.split import Split
from pipelines.splits.time import ByTime

ADAPTER: TypeAdapter[Split] = TypeAdapter(AnySplit)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"type": "order", "train": 0.9, "valid": 0.2, "test": 0}, "add up to 1"),
        ({"type": "hash"}, "column"),
        ({"type": "order", "train": -0.1}, "greater than or equal to 0"),
        ({"type": "kfold", "column": "u", "k": 2}, "greater than or equal to 3"),
        ({"type": "kfold", "column": "u", "k": 5, "fold": 5}, "one of the 5 folds, 0 to 4"),
        ({"type": "kfold", "column": "u", "k": 4, "ranker": 2}, "at most 1 are its own"),
    ],
)
def test_refuses_what_does_not_hold(declared: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ADAPTER.validate_python(declared)


@pytest.mark.parametrize(
    ("declared", "parts"),
    [
        ({"type": "order"}, {"train", "valid", "test"}),
        ({"type": "time", "column": "t", "train": 0.9, "test": 0}, {"train", "valid"}),
        ({"type": "hash", "column": "u", "train": 0.7, "ranker": 0.1},
         {"train", "ranker", "valid", "test"}),
        ({"type": "kfold", "column": "u"}, {"train", "valid", "test"}),
        ({"type": "kfold", "column": "u", "ranker": 2}, {"train", "ranker", "valid", "test"}),
        ({"type": "column"}, set()),
    ],
)  # fmt: skip
def test_says_which_parts_get_rows(declared: dict[str, Any], parts: set[str]) -> None:
    assert set(ADAPTER.validate_python(declared).parts) == parts


def test_the_column_must_be_there(stored: Callable[[pl.DataFrame], Source]) -> None:
    rows = stored(pl.DataFrame({"timestamp": [1]}))
    with pytest.raises(SchemaError, match="Did you mean 'timestamp'"):
        ByTime(column="timestmp").require(rows)


def test_a_column_names_the_part(parts: Callable[..., list[str]]) -> None:
    frame = pl.DataFrame({"split": ["train", "valid", None, "holdout", "ranker"]})
    assert parts(ByColumn(), frame, batch=2) == ["train", "valid", "", "holdout", "ranker"]
