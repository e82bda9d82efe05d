import json
import subprocess
import sys
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from features.errors import SchemaError
from features.schema import Schema
from features.transforms.id import Id
from features.transforms.numeric import Numeric
from features.transforms.transform import Roles

USER = {"type": "id", "column": "user"}
ITEM = {"type": "id", "column": "item"}
SEEN = {"type": "sequence", "column": "seen", "vocabulary": "item"}
PRICE = {"type": "numeric", "column": "price"}


def schema(*features: Any, **roles: Any) -> Schema:
    return Schema.model_validate({"features": list(features), **roles})


def names(*features: Any) -> list[str]:
    return [feature.name for feature in schema(*features).features]


def test_columns_share_one_declaration() -> None:
    found = schema({"type": "id", "columns": ["a", "b"], "min_count": 3})
    assert found.features == (
        Id(name="a", column="a", min_count=3),
        Id(name="b", column="b", min_count=3),
    )


def test_a_range_names_every_column_between_its_ends() -> None:
    ids = {"type": "id", "columns": "C1..C26"}
    found = schema(ids, {"type": "numeric", "columns": ["I1..I13", "price"]})
    expected = [f"C{i}" for i in range(1, 27)] + [f"I{i}" for i in range(1, 14)] + ["price"]
    assert [feature.name for feature in found.features] == expected
    assert found.columns == tuple(expected)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("C3..C3", ["C3"]),
        ("C9..C11", ["C9", "C10", "C11"]),
        ("C08..C10", ["C08", "C09", "C10"]),
        ("a1b1..a1b2", ["a1b1", "a1b2"]),
        ("7..8", ["7", "8"]),
        ("C1..D2", ["C1..D2"]),
        ("C1..", ["C1.."]),
    ],
)
def test_ranges(pattern: str, expected: list[str]) -> None:
    assert names({"type": "id", "columns": pattern}) == expected


def test_a_single_column_is_taken_by_its_name() -> None:
    assert names({"type": "id", "column": "C1..C3"}) == ["C1..C3"]


def test_one_column_may_feed_features_of_other_names() -> None:
    found = schema(PRICE, {"type": "id", "column": "price", "name": "price_id"})
    assert [feature.name for feature in found.features] == ["price", "price_id"]
    assert found.columns == ("price",)


def test_transforms_and_declarations_may_be_mixed() -> None:
    found = schema(Numeric(name="price", column="price"), {"type": "id", "columns": "C1..C2"})
    assert [feature.name for feature in found.features] == ["price", "C1", "C2"]


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([], "at least one feature"),
        ([USER, USER], "feature names must differ; user came twice"),
        ([{"type": "id", "columns": ["a", "a1..a2", "a2"]}], "a2 came twice"),
        ([{"type": "id", "columns": "C3..C1"}], r"must ascend; got 'C3\.\.C1'"),
        ([{"type": "id", "columns": ["a"], "column": "b"}], "either `columns`, or `column`"),
        ([{"type": "id", "columns": ["a"], "name": "b"}], "either `columns`, or `column`"),
        ([{"type": "id", "columns": []}], r"`columns` must be one name .* got \[\]"),
        ([{"type": "id", "columns": [1]}], r"`columns` must be one name .* got \[1\]"),
        ([{"type": "id", "columns": 1}], "`columns` must be one name .* got 1"),
        ([{"type": "id"}], r"column\s+Field required"),
        ([{"column": "a"}], "type"),
        ([{"type": "hash", "column": "a"}], "'id', 'numeric', 'sequence'"),
        ([{"type": "id", "column": "a", "min_cout": 2}], "min_cout"),
        ([{"type": "id", "column": "a", "min_count": 0}], "min_count"),
        ([{"type": "id", "column": 5}], "valid string"),
        (["user"], "features"),
        ("user", "features"),
    ],
)
def test_declarations_that_do_not_hold_together(features: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Schema.model_validate({"features": features})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError, match="lable"):
        schema(USER, lable="click")


@pytest.mark.parametrize("role", ["label", "position"])
def test_what_the_model_has_to_predict_or_correct_for_is_no_feature(role: str) -> None:
    with pytest.raises(ValidationError, match=f"{role} column 'user' must not be .*'who'"):
        schema({**USER, "name": "who"}, **{role: "user"})


def test_query_and_weight_may_be_features() -> None:
    found = schema(USER, query="user", weight="user")
    assert found.roles == {"query": "user", "weight": "user"}


def test_roles_keep_their_order() -> None:
    found = schema(USER, position="p", label="y", weight="w", query="q")
    assert list(found.roles.items()) == [
        ("label", "y"),
        ("weight", "w"),
        ("query", "q"),
        ("position", "p"),
    ]


def test_further_labels_are_roles_of_their_own() -> None:
    found = schema(USER, label="y", tasks=["b", "a"])
    assert found.roles == {"label": "y", "task:b": "b", "task:a": "a"}
    assert found.role_columns.label == "y"
    with pytest.raises(SchemaError, match=r"'a' \(the task:a\)"):
        found.check(["user", "y", "b"], roles=found.roles)
    assert found.fingerprint != schema(USER, label="y", tasks=["a", "b"]).fingerprint


@pytest.mark.parametrize("tasks", [["a", "a"], ["y"], ["b", "w"]])
def test_a_further_label_is_no_other_role(tasks: list[str]) -> None:
    with pytest.raises(ValidationError, match=f"labels of their own; remove {tasks[-1]} from"):
        schema(USER, label="y", weight="w", tasks=tasks)
    with pytest.raises(ValidationError, match="label column 'user' must not be"):
        schema(USER, label="y", tasks=["user"])


def test_the_feature_of_that_name_owns_a_shared_vocabulary() -> None:
    owner = schema(SEEN, {**ITEM, "min_count": 5}).owners["item"]
    assert (owner.name, owner.min_count) == ("item", 5)


def test_without_one_the_first_owns_it() -> None:
    limited = {**SEEN, "vocabulary": "things", "max_size": 9}
    assert schema(limited, {**ITEM, "vocabulary": "things"}).owners["things"].name == "seen"


@pytest.mark.parametrize("limit", [{"min_count": 2}, {"max_size": 10}])
def test_only_the_owner_sets_the_limits(limit: dict[str, int]) -> None:
    with pytest.raises(ValidationError, match=f"'item', which alone .*{next(iter(limit))} from"):
        schema({**SEEN, **limit}, ITEM)
    assert schema({**SEEN, **limit}, {**ITEM, **limit})
    assert schema(SEEN, {**ITEM, **limit})


def test_a_scale_and_a_vocabulary_cannot_share_a_key() -> None:
    with pytest.raises(ValidationError, match=r"'numeric:price'.*rename one"):
        schema(PRICE, {"type": "id", "column": "numeric:price"})


def test_check_names_the_absent_column_and_the_nearest_present_one() -> None:
    found = schema({**USER, "column": "user_id"}, PRICE, label="click")
    found.check(["user_id", "price"])
    with pytest.raises(SchemaError, match=r"'user_id' \(feature 'user_id'\).*mean 'usr_id'"):
        found.check(["usr_id", "price"])
    with pytest.raises(SchemaError, match=r"'click' \(the label\)"):
        found.check(["user_id", "price"], roles=["label", "weight"])


def test_json_gives_the_same_schema_back() -> None:
    limited = {**ITEM, "min_count": 2, "max_size": 5}
    found = schema(limited, SEEN, {**PRICE, "log": True, "fill": 0.1}, label="y", query="q")
    again = Schema.model_validate(json.loads(json.dumps(found.model_dump(mode="json"))))
    assert again == found
    assert again.fingerprint == found.fingerprint


def test_a_range_and_its_columns_one_by_one_are_the_same_declaration() -> None:
    by_range = schema({"type": "id", "columns": "C1..C2"})
    one_by_one = schema(
        {"column": "C1", "type": "id"}, {"name": "C2", "column": "C2", "type": "id"}
    )
    assert by_range.fingerprint == one_by_one.fingerprint


BASE = {"features": [ITEM, SEEN, PRICE], "label": "y"}
CHANGES: list[dict[str, Any]] = [
    BASE,
    {**BASE, "label": "z"},
    {**BASE, "label": None},
    {**BASE, "weight": "w"},
    {**BASE, "query": "w"},
    {**BASE, "position": "w"},
    {**BASE, "features": [SEEN, ITEM, PRICE]},
    {**BASE, "features": [ITEM, SEEN]},
    {**BASE, "features": [{**ITEM, "column": "c", "name": "item"}, SEEN, PRICE]},
    {**BASE, "features": [{**ITEM, "name": "c"}, SEEN, PRICE]},
    {**BASE, "features": [{**ITEM, "min_count": 2}, SEEN, PRICE]},
    {**BASE, "features": [{**ITEM, "max_size": 2}, SEEN, PRICE]},
    {**BASE, "features": [{**ITEM, "vocabulary": "v"}, SEEN, PRICE]},
    *(
        {**BASE, "features": [ITEM, {**SEEN, **change}, PRICE]}
        for change in ({"max_length": 7}, {"keep": "first"}, {"separator": "|"}, {"separator": ";"})
    ),
    *(
        {**BASE, "features": [ITEM, SEEN, {**PRICE, **change}]}
        for change in ({"log": True}, {"scale": "none"}, {"fill": 0}, {"fill": 1})
    ),
]


def test_every_change_changes_the_fingerprint() -> None:
    assert len({Schema.model_validate(one).fingerprint for one in CHANGES}) == len(CHANGES)


def test_the_fingerprint_is_the_same_in_another_process() -> None:
    code = "import json, sys; from features.schema import Schema; "
    code += "sys.stdout.write(Schema.model_validate(json.load(sys.stdin)).fingerprint)"
    other = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(BASE),
        capture_output=True,
        text=True,
        check=True,
    )
    assert other.stdout == Schema.model_validate(BASE).fingerprint


def test_observing_reads_only_the_declared_columns() -> None:
    frame = pl.DataFrame({"user": [1], "other": [object()]}, schema_overrides={"other": pl.Object})
    assert schema(USER).features[0].observe(frame, Roles())
