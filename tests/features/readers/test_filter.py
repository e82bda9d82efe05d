"""What a filter keeps, against plain Python; and what it need not read."""

import json
import math
import operator
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import ConfigError, DataError, SchemaError
from features.readers import filter as filtering
from features.readers import row_groups
from features.readers.filter import Filter, Operator
from features.readers.frame import source_of
from features.readers.open import open_source

PYTHON: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
    "in": lambda one, many: one in many, "not in": lambda one, many: one not in many,
}  # fmt: skip

CET = timezone(timedelta(hours=1))
COLUMNS: dict[str, tuple[list[Any], pa.DataType]] = {
    "int": ([3, None, -1, 0, 2**53 + 1, 7], pa.int64()),
    "small": ([3, None, -1, 0, 127, 7], pa.int8()),
    "big": ([3, None, 2**63, 0, 2**64 - 1, 7], pa.uint64()),
    "float": ([0.5, None, math.nan, -0.0, math.inf, 3.0], pa.float64()),
    "short": ([0.5, None, math.nan, 0.25, -math.inf, 3.0], pa.float32()),
    "text": (["b", None, "", "a", "éß", "😀"], pa.string()),
    "coded": (["b", None, "", "a", "b", "c"], pa.dictionary(pa.int32(), pa.string())),
    "flag": ([True, None, False, True, False, True], pa.bool_()),
    "day": ([date(2024, 1, 1), None, *[date(2024, 2, n) for n in range(1, 5)]], pa.date32()),
    "time": ([datetime(2024, 1, 1), None, *[datetime(2024, 2, n) for n in range(1, 5)]],
             pa.timestamp("ms")),
    "zoned": ([datetime(2024, 1, 1, tzinfo=CET), None,
               *[datetime(2024, 2, n, tzinfo=CET) for n in range(1, 5)]],
              pa.timestamp("ns", "Europe/Berlin")),
    "money": ([Decimal("1.20"), None, *map(Decimal, ("-3.40", "0.00", "7.10", "1.20"))],
              pa.decimal128(10, 2)),
}  # fmt: skip
VALUES: dict[str, list[Any]] = {
    "int": [3, 0, 2**53, 2**53 + 1, 2**70, 7.0],
    "small": [3, 0, 1000, -1000],
    "big": [3, 2**63, 2**64 - 1, -1],
    "float": [0.5, 0, 3, -1.5],
    "short": [0.5, 0.25, 3, -1.5],
    "text": ["b", "", "a", "ézz", "😀"],
    "coded": ["b", "", "z"],
    "flag": [True, False],
    "day": [date(2024, 1, 1), date(2024, 2, 3)],
    "time": [datetime(2024, 1, 1), datetime(2024, 2, 3), datetime(2024, 2, 1, 0, 0, 0, 500)],
    "zoned": [datetime(2024, 1, 1, tzinfo=CET), datetime(2024, 2, 2, 23, tzinfo=UTC)],
    "money": [1.2, -3.4, 0, 5],
}


def _expected(column: str, op: str, value: Any) -> list[int]:
    def same(one: Any) -> Any:
        return float(one) if isinstance(one, Decimal) else one

    rows = []
    for at, one in enumerate(COLUMNS[column][0]):
        if one is None or one != one:  # neither null nor NaN is ever kept
            continue
        if PYTHON[op](same(one), value):
            rows.append(at)
    return rows


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The columns as Parquet in row groups of one, two and six rows, and as Arrow."""
    folder = tmp_path_factory.mktemp("filter")
    table = pa.table(
        {"row": pa.array(range(6))} | {name: pa.array(*column) for name, column in COLUMNS.items()}
    )
    for rows in (1, 2, 6):
        pq.write_table(table, folder / f"{rows}.parquet", row_group_size=rows)
    with pa.ipc.new_file(folder / "a.arrow", table.schema) as writer:
        writer.write_table(table)
    return folder


@pytest.mark.parametrize("column", COLUMNS)
def test_every_operator_is_pythons_in_every_format(files: Path, column: str) -> None:
    for op in PYTHON:
        values = VALUES[column]
        for value in [values, values[:1]] if op in ("in", "not in") else values:
            expected = _expected(column, op, value)
            for name in ("1.parquet", "2.parquet", "6.parquet", "a.arrow"):
                source = open_source(name, None, files, filter=[[column, op, value]])
                assert source.count() == len(expected), (op, value, name)
                found = [row for frame in source._frames(("row",)) for row in frame["row"]]
                assert found == expected, (op, value, name)


def test_the_registry_is_the_declaration() -> None:
    assert set(get_args(Operator)) == set(filtering._EXACT) == set(filtering._MAY) == set(PYTHON)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(st.none() | st.integers(-4, 4), min_size=1, max_size=12),
    group=st.integers(1, 5),
    conditions=st.lists(
        st.tuples(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.integers(-5, 5))
        | st.tuples(
            st.sampled_from(["in", "not in"]),
            st.lists(st.integers(-5, 5), min_size=1, max_size=3),
        ),
        min_size=1, max_size=3,
    ),
)  # fmt: skip
def test_skipping_row_groups_changes_nothing(
    tmp_path: Path, values: list[int | None], group: int, conditions: list[tuple[str, Any]]
) -> None:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Int64), "row": range(len(values))})
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=group)
    wanted = [["x", op, value] for op, value in conditions]
    kept = [
        row
        for row, x in enumerate(values)
        if x is not None and all(PYTHON[op](x, value) for op, value in conditions)
    ]
    source = open_source("a.parquet", None, tmp_path, filter=wanted)
    if kept:
        assert pl.concat(source.batches(["row"], rows=2))["row"].to_list() == kept
        assert pl.concat(source_of(frame, wanted).batches()).height == len(kept)
    else:
        with pytest.raises(DataError, match="the filter must keep at least one row"):
            list(source.batches())
    assert source.count() == len(kept)


def test_row_groups_that_cannot_match_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = pl.DataFrame({"x": [1, 2, 3, 4, None, None, 5, 5], "y": list("abcdefgh")})
    frame.write_parquet(tmp_path / "a.parquet", row_group_size=2)
    read: list[list[int]] = []
    whole = row_groups.frames

    def noted(file: Any, dtypes: Any, heights: Any, groups: Any, coded: Any) -> Any:
        read.append(list(groups))
        return whole(file, dtypes, heights, groups, coded)

    monkeypatch.setattr(row_groups, "frames", noted)
    for condition, groups in [
        (["x", ">", 3], [1, 3]),
        (["x", "<=", 1], [0]),
        (["x", "==", 3], [1]),
        (["x", "!=", 5], [0, 1]),
        (["x", "in", [1, 5]], [0, 3]),
        (["x", "not in", [5, 6]], [0, 1]),
        (["y", ">=", "g"], [3]),
    ]:
        read.clear()
        list(open_source("a.parquet", None, tmp_path, filter=[condition]).batches(["y"]))
        assert read == [groups], condition


def test_columns_of_the_filter_need_not_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,c\n1,x,7\n2,y,8\n3,x,9\n")
    source = open_source("a.csv", None, tmp_path, filter=[["b", "==", "x"], ["a", ">", 1]])
    assert pl.concat(source.batches(["c"])).rows() == [(9,)]
    assert source.schema == {"a": pl.Int64, "b": pl.String, "c": pl.Int64}
    assert list(source.batches(["c"], start=1)) == []


def test_the_filter_is_part_of_the_identity(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,day\n1,2024-01-01\n")
    bare = open_source("a.csv", None, tmp_path)
    wanted = [["a", "<", 3], ["day", ">=", date(2024, 1, 1)]]
    kept = open_source("a.csv", None, tmp_path, filter=wanted)
    assert json.loads(json.dumps(kept.identity())) == {
        **bare.identity(), "filter": [["a", "<", 3], ["day", ">=", "2024-01-01"]],
    }  # fmt: skip
    assert open_source("a.csv", None, tmp_path, filter=[]).identity() == bare.identity()
    # As a run stores it, and reads it back.
    again = open_source("a.csv", None, tmp_path, filter=kept.identity()["filter"])
    assert pl.concat(again.batches()).equals(pl.concat(kept.batches()))


def test_times_may_be_text(tmp_path: Path) -> None:
    times = [datetime(2024, 3, 1, hour) for hour in (0, 9, 12)]
    pl.DataFrame({"t": times, "z": times}).with_columns(
        pl.col("z").dt.replace_time_zone("Europe/Berlin")
    ).write_parquet(tmp_path / "a.parquet")
    for value, kept in (("2024-03-01", 2), ("2024-03-01T09:00:00", 1), ("2024-03-01T08:59", 2)):
        for column in "tz":
            source = open_source("a.parquet", None, tmp_path, filter=[[column, ">", value]])
            assert source.count() == kept
    aware = [["z", ">=", "2024-03-01T08:00:00+00:00"]]
    assert open_source("a.parquet", None, tmp_path, filter=aware).count() == 2


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (["x", "=", 1], r"filter\.0\.1.*'not in'; got '='"),
        (["x", "==", [1]], "'==' needs one value"),
        (["x", "in", 1], "'in' needs a list"),
        (["x", "in", []], "'in' needs a list of at least one"),
        (["x", "=="], r"filter\.0\.2 must be given"),
        (["x", "==", math.nan], "a value must be a number"),
        (["x", "in", [None]], "a value must be a number"),
        (["x", "in", [[1]]], "a value must be a number"),
        ("x == 1", r"filter\.0:"),
    ],
)
def test_malformed_conditions_are_refused(tmp_path: Path, condition: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as raised:
        open_source("absent.csv", None, tmp_path, filter=[condition])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (["int", "==", "3"], "whole number"),
        (["int", "<", 0.5], "whole number"),
        (["int", "==", True], "whole number"),
        (["text", "==", 3], "in quotes"),
        (["flag", "==", 1], "true or false"),
        (["float", ">", "3"], "must be a number"),
        (["day", ">", 3], "must be a date"),
        (["day", ">", "soon"], "isoformat"),
        (["time", ">", "2024-01-01T00:00:00+01:00"], "no time zone"),
        (["flags", "==", True], r"'flags' is not in the data.*Did you mean 'flag'"),
    ],
)
def test_values_of_another_kind_are_refused(files: Path, condition: Any, said: str) -> None:
    with pytest.raises(SchemaError, match=said):
        open_source("6.parquet", None, files, filter=[condition])


def test_lists_cannot_be_compared() -> None:
    with pytest.raises(SchemaError, match=r"List\(Int64\).*only numbers"):
        source_of(pl.DataFrame({"a": [[1]]}), [["a", "==", 1]])


def test_damaged_statistics_are_in_doubt() -> None:
    unknown = pl.Series([None, 1], dtype=pl.Int64)
    known = filtering.Bounds(unknown, unknown, pl.Series([False, False]))
    for op, value in (("==", 2), ("!=", 1), ("<", 1), (">", 1), ("in", [2]), ("not in", [1])):
        assert Filter.of([["x", op, value]]).may({"x": known}, 2) == [True, False], op
