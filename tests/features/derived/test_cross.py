import math
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.derived.cross import Cross
from features.errors import SchemaError


def crossed(**columns: Any) -> list[str | None]:
    frame = pl.DataFrame(columns, strict=False)
    made = Cross(name="x", columns=tuple(columns))
    return frame.select(made.expression(frame.schema)).to_series().to_list()


def test_by_hand() -> None:
    found = crossed(
        a=["Oslo", None, None, ""], b=[7.0, 1.0, math.nan, None], c=[True, None, None, None]
    )
    assert found == ["Oslo\x1f7\x1f1", "\x1e\x1f1\x1f\x1e", None, None]


PART = st.none() | st.text(alphabet="ab\x1e\x1f01", max_size=4)


@given(st.lists(st.tuples(PART, PART, PART), min_size=1, max_size=30))
@settings(deadline=None)
def test_tuples_have_one_text_each(rows: list[tuple[str | None, ...]]) -> None:
    a, b, c = zip(*rows, strict=True)
    schema = dict.fromkeys("abc", pl.String)
    found = crossed(
        **{
            name: pl.Series(part, dtype=pl.String)
            for name, part in zip("abc", (a, b, c), strict=True)
        }
    )
    parts = [tuple(part or None for part in row) for row in rows]
    assert schema.keys() == {"a", "b", "c"}
    assert len(set(found)) == len(set(parts))
    assert [one is None for one in found] == [part == (None,) * 3 for part in parts]


def test_it_wants_ids() -> None:
    assert Cross(name="x", columns=("a", "b")).wants == {"a": "id", "b": "id"}


@pytest.mark.parametrize("columns", [(), ("a",), ("a", "a"), ("a", "")])
def test_columns_must_be_several(columns: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError):
        Cross(name="x", columns=columns)


def test_lists_are_refused() -> None:
    with pytest.raises(SchemaError, match=r"Column 'b' must hold text, .* it holds List"):
        Cross(name="x", columns=("a", "b")).expression({"a": pl.String, "b": pl.List(pl.Int64)})
