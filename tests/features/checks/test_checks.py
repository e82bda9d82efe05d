from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.checks.checks import Checks
from features.checks.violations import Violations
from features.errors import DataError, SchemaError
from features.transforms.text import canonical
from tests.features.support import drifted, raw_columns

NAN, INF = float("nan"), float("inf")
AGE = {"column": "age", "kind": "number", "min": 0, "max": 120}
CITY = {"column": "city", "allowed": ["DE", "FR", 7]}


def checks(*declared: Any) -> Checks:
    return Checks.model_validate({"checks": list(declared)})


def counts(violations: Violations) -> dict[tuple[str, str], tuple[int, str]]:
    return {one.key: (one.count, one.example) for one in violations.found}


FRAME = pl.DataFrame(
    {
        "age": [0.0, -1.0, 150.0, NAN, INF, 120.0, 121.0],
        "city": ["DE", "ES", "", "7", "7.0", None, "x" * 99],
        "other": [[1]] * 7,
    }
)


def test_counts_by_hand() -> None:
    _, found = checks(AGE, CITY).apply(FRAME)
    assert found.rows == 7
    assert counts(found) == {
        ("age", "max"): (3, "150.0"),
        ("age", "min"): (1, "-1.0"),
        ("city", "allowed"): (3, "'ES'"),
    }


def test_null_and_clip_by_hand() -> None:
    null, clip = {"on_violation": "null"}, {"on_violation": "clip"}
    nulled, _ = checks(AGE | null, CITY | null).apply(FRAME)
    assert nulled["age"].to_list() == [0.0, None, None, None, None, 120.0, None]
    assert nulled["city"].to_list() == ["DE", None, "", "7", None, None, None]
    clipped, _ = checks(AGE | clip).apply(FRAME)
    assert clipped["age"].to_list() == [0.0, 0.0, 120.0, None, 120.0, 120.0, 120.0]
    text = pl.DataFrame({"age": ["12", "-1", "150", "old", "", None]})
    clipped, found = checks(AGE | clip).apply(text)
    assert clipped["age"].to_list() == [12.0, 0.0, 120.0, None, None, None]
    assert counts(found)["age", "kind"] == (1, "'old'")


def test_one_bound_alone() -> None:
    low = {"column": "x", "kind": "integer", "min": -3, "on_violation": "clip"}
    high = {"column": "x", "kind": "number", "max": 0.5, "on_violation": "clip"}
    frame = pl.DataFrame({"x": pl.Series([-5, 9], dtype=pl.Int8)})
    assert checks(low).apply(frame)[0]["x"].to_list() == [-3, 9]
    assert checks(high).apply(frame)[0]["x"].to_list() == [-5.0, 0.5]


def test_integers_are_compared_exactly() -> None:
    check = {"column": "x", "kind": "integer", "max": 2**53, "on_violation": "clip"}
    frame = pl.DataFrame({"x": [2**53 + 1, 2**53]})
    found, violations = checks(check).apply(frame)
    assert found["x"].to_list() == [2**53, 2**53]
    assert violations.found[0].count == 1


def test_a_value_may_break_several_rules() -> None:
    check = {"column": "x", "allowed": ["a"], "max_length": 2, "on_violation": "null"}
    frame = pl.DataFrame({"x": ["a", "🦀🦀", "🦀🦀🦀"]})
    found, violations = checks(check).apply(frame)
    assert found["x"].to_list() == ["a", None, None]
    assert counts(violations) == {
        ("x", "allowed"): (2, "'🦀🦀'"),
        ("x", "max_length"): (1, "'🦀🦀🦀'"),
    }


def test_columns_without_a_check_pass_through_without_a_copy() -> None:
    frame = pl.DataFrame({"age": [150.0], "free": [7.5], "firm": [7.5]})
    firm = {"column": "firm", "allowed": [7.5], "max_null_rate": 0}  # `fail` changes nothing
    found, _ = checks(AGE | {"on_violation": "clip"}, firm).apply(frame)
    assert found.columns == frame.columns
    for name in ("free", "firm"):
        before, after = (one[name].to_numpy(allow_copy=False) for one in (frame, found))
        assert after.ctypes.data == before.ctypes.data


def test_the_share_of_missing_values_counts_those_made_missing() -> None:
    rate = {"max_null_rate": 0.5}
    for policy, missing in (("fail", 1), ("null", 5), ("clip", 1)):
        _, found = checks(AGE | rate | {"on_violation": policy}).apply(FRAME)
        assert found.missing[0].count == missing, policy
    _, found = checks({"column": "city", **rate}).apply(FRAME)
    assert (found.found, found.missing[0].count) == ((), 2)


def test_strict_raises_at_once_but_never_for_missing_values() -> None:
    with pytest.raises(DataError, match=r"'age' must be at most 120; 3 of 7 rows .*150\.0"):
        checks(AGE | {"max_null_rate": 0}).apply(FRAME, strict=True)
    loose = checks(AGE | {"max_null_rate": 0, "on_violation": "clip"})
    assert loose.apply(FRAME, strict=True)[1] == loose.apply(FRAME)[1]


def test_an_absent_column_is_named_with_the_nearest_present_one() -> None:
    for read in (checks(AGE).apply, checks(AGE).first_failure):
        with pytest.raises(SchemaError, match=r"'age' \(a check\).* holds ages.* mean 'ages'\?"):
            read(pl.DataFrame({"ages": [1]}))


def test_what_has_no_text_cannot_be_compared_unless_its_kind_is_declared() -> None:
    frame = pl.DataFrame({"city": [["DE"], None]})
    with pytest.raises(SchemaError, match="'city' must hold text, .* it holds List"):
        checks(CITY).apply(frame)
    found, violations = checks(CITY | {"kind": "text", "on_violation": "null"}).apply(frame)
    assert found["city"].to_list() == [None, None]
    assert counts(violations) == {("city", "kind"): (1, "['DE']")}


def test_the_first_failure_is_of_the_first_row() -> None:
    every = checks(CITY, {**AGE, "max": 140}, {"column": "other", "kind": "text"})
    assert every.first_failure(FRAME.drop("other").with_columns(other=pl.lit("a"))) == (
        "city",
        1,
        "Column 'city' must be one of DE, FR, 7; row 1 holds 'ES'.",
    )
    assert every.first_failure(FRAME) == (
        "other",
        0,
        "Column 'other' must hold text; row 0 holds [1].",
    )
    assert every.first_failure(FRAME.head(0)) is None
    assert checks(AGE | {"on_violation": "null"}).first_failure(FRAME) is None
    assert checks(AGE | {"max_null_rate": 0}).first_failure(pl.DataFrame({"age": [None]})) is None


def test_examples_are_short() -> None:
    frame = pl.DataFrame({"x": ["🦀" * 10_000]})
    message = checks({"column": "x", "max_length": 9}).first_failure(frame)
    assert message is not None
    assert message[2].endswith(f"row 0 holds '{'🦀' * 60}...'.")
    lists = pl.DataFrame({"x": [list(range(10_000))]})
    message = checks({"column": "x", "kind": "text"}).first_failure(lists)
    assert message is not None
    assert len(message[2]) < 150


def test_no_checks_change_nothing() -> None:
    found, violations = Checks().apply(FRAME)
    assert found.equals(FRAME)
    assert violations == Violations(rows=7)
    assert Checks().first_failure(FRAME) is None


def test_plans_are_built_once_for_the_types_they_read_and_do_not_fill_the_memory() -> None:
    both = checks({"column": "x", "kind": "text"})
    for width in range(200):
        both.apply(pl.DataFrame(schema={"x": pl.Array(pl.Int8, width)}))
    assert len(both._known) == 64
    assert both == checks({"column": "x", "kind": "text"})


BOUNDS = st.sampled_from([-5, -1, 0, 3, 120])
KINDS = ("number", "integer", "text", "boolean", "time", "list")


@st.composite
def declarations(draw: st.DrawFn) -> dict[str, Any]:
    """Any check of a column `column` that holds together."""
    options: dict[str, Any] = {"kind": draw(st.sampled_from(KINDS))}
    policies = ["fail", "null"]
    if options["kind"] in ("number", "integer") and draw(st.booleans()):
        low, high = sorted((draw(BOUNDS), draw(BOUNDS)))
        options |= draw(st.sampled_from([{"min": low}, {"max": high}, {"min": low, "max": high}]))
        policies.append("clip")
    elif options["kind"] != "list" and draw(st.booleans()):
        options |= {"allowed": [7, "a", 0.5, True, "🦀", 2**53 + 1]}
    if options["kind"] == "text" and draw(st.booleans()):
        options |= {"max_length": draw(st.integers(1, 5))}
    if draw(st.booleans()):
        options |= {"max_null_rate": 0.5}
    return {"column": "column", **options, "on_violation": draw(st.sampled_from(policies))}


QUICK = settings(deadline=None, max_examples=60)


@given(declarations(), raw_columns(5))
@QUICK
def test_what_was_mended_needs_no_mending(declared: dict[str, Any], column: pl.Series) -> None:
    every = checks(declared)
    once, first = every.apply(column.to_frame())
    twice, second = every.apply(once)
    assert twice.equals(once)
    assert twice.schema == once.schema
    assert second.missing == first.missing
    if declared["on_violation"] != "fail":
        assert second.found == ()
        assert every.first_failure(column.to_frame()) is None


@given(declarations(), raw_columns(6), st.integers(0, 6))
@QUICK
def test_parts_and_single_rows_agree_with_the_whole(
    declared: dict[str, Any], column: pl.Series, cut: int
) -> None:
    every, frame = checks(declared), column.to_frame()
    whole, found = every.apply(frame)
    rows = [every.apply(frame.slice(row, 1)) for row in range(frame.height)]
    assert pl.concat([row for row, _ in rows]).equals(whole)
    assert pl.concat([every.apply(frame.head(0))[0], whole]).equals(whole)
    left, right = (every.apply(part)[1] for part in (frame.head(cut), frame.slice(cut)))
    assert left.merge(right) == found
    failing = [row for row, (_, one) in enumerate(rows) if one.failed]
    failure = every.first_failure(frame)
    assert (None if failure is None else failure[1]) == (failing[0] if failing else None)


def texts(series: pl.Series) -> list[Any]:
    if isinstance(series.dtype, pl.List):
        return series.to_list()
    return series.to_frame("x").select(canonical(pl.col("x"), series.dtype, "x"))["x"].to_list()


@given(declarations(), raw_columns(4, lists=False))
@QUICK
def test_the_type_a_value_came_in_does_not_matter(
    declared: dict[str, Any], column: pl.Series
) -> None:
    every = checks(declared)
    for typed in (column, *drifted(column)):
        found, violations = every.apply(typed.to_frame())
        told = {one.key: one.count for one in violations.found}
        if typed is column:
            settled, expected, missing = found["column"], told, violations.missing
        assert told == expected, typed.dtype
        assert violations.missing == missing
        assert texts(found["column"]) == texts(settled)
        if declared["kind"] in ("integer", "boolean"):
            assert found["column"].dtype == settled.dtype
