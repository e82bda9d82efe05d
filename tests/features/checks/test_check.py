import re
from typing import Any

import pytest
from pydantic import ValidationError

from features.checks.check import Check
from features.checks.checks import Checks
from features.validation import explain


def refused(**options: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Checks.model_validate({"checks": [{"column": "age", **options}]})
    return explain(caught.value, Checks)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "a check must say what holds: kind, min, .* that of 'age' says nothing"),
        ({"min": 0}, 'min and max need kind = "number", or "integer" for ids.* got no kind'),
        ({"kind": "text", "max": 9}, 'min and max need .* got "text"'),
        ({"kind": "number", "min": 2, "max": 1}, "min must not be above max; got 2 and 1"),
        ({"kind": "integer", "min": 0.5}, "min and max of integers must be whole"),
        ({"kind": "number", "min": 0, "allowed": [1]}, "allowed lists every value; remove it"),
        ({"kind": "list", "allowed": [1]}, "allowed is of single values"),
        ({"allowed": ["a", ""]}, 'allowed must not list ""'),
        ({"kind": "number", "max_length": 3}, 'max_length is of text; kind is "number"'),
        ({"kind": "number", "on_violation": "clip"}, 'on_violation = "clip" needs min, max'),
        ({"max_null_rate": 0.1, "on_violation": "null"}, "max_null_rate always fails"),
        ({"kind": "numbers"}, r"checks\.0\.kind: Input should be 'number', .* got 'numbers'"),
        ({"kind": "number", "min": "0"}, r"checks\.0\.min: .* got '0'"),
        ({"kind": "number", "min": True}, r"checks\.0\.min: .* got True"),
        ({"kind": "number", "max": float("nan")}, r"checks\.0\.max: .* got nan"),
        ({"kind": "number", "max": 10**400}, r"checks\.0\.max: "),
        ({"allowed": []}, r"checks\.0\.allowed: .* got \[\]"),
        ({"allowed": [[1]]}, r"checks\.0\.allowed\.0: "),
        ({"max_length": 0}, r"checks\.0\.max_length: .* got 0"),
        ({"max_null_rate": 1.1}, r"checks\.0\.max_null_rate: .* got 1\.1"),
        ({"maximum": 1}, r"checks\.0\.maximum is not a known key\. Did you mean 'max"),
    ],
)
def test_what_does_not_hold_together_is_refused(options: Any, sentence: str) -> None:
    assert re.search(sentence, refused(**options))


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"kind": "text"}, r"checks\.0\.column must be given; it is missing"),
        ({"columns": [], "kind": "text"}, r"`columns` must be one name .* got \[\]"),
        ({"columns": ["a"], "column": "b"}, "either `column` or `columns`; got both"),
        ({"columns": ["a", "b..c", "a"], "kind": "text"}, "must be checked once; a came twice"),
    ],
)
def test_a_check_is_of_one_column_and_a_column_has_one(declared: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Checks.model_validate({"checks": [declared]})
    assert re.search(sentence, explain(caught.value, Checks))


def test_columns_share_one_declaration() -> None:
    found = Checks.model_validate(
        {
            "checks": [
                {"columns": ["a", "C08..C10"], "max_length": 3},
                {"column": "b", "kind": "list"},
            ]
        }
    )
    assert found.columns == ("a", "C08", "C09", "C10", "b")
    assert found.checks[1] == Check(column="C08", max_length=3)
    assert found.of(["b", "C09", "other"]).columns == ("C09", "b")


def test_json_gives_the_same_checks_back() -> None:
    declared = [
        {"column": "a", "kind": "number", "min": 0.5, "on_violation": "clip"},
        {"column": "b", "allowed": ["DE", 7, 7.5, True], "max_null_rate": 0.1},
    ]
    found = Checks.model_validate({"checks": declared})
    assert Checks.model_validate_json(found.model_dump_json()) == found


def test_one_value_has_one_text_in_allowed_too() -> None:
    check = Check(column="a", allowed=(7, 7.0, "7", True, 2**62, "x"))
    assert check.texts.to_list() == ["7", "7", "7", "1", str(2**62), "x"]


def test_what_must_hold_is_said_in_words() -> None:
    age = Check(column="age", kind="integer", min=0, max=120)
    assert [age.must(rule) for rule in age.rules] == [
        "hold whole numbers of 64 bits",
        "be at least 0",
        "be at most 120",
    ]
    city = Check(column="city", allowed=("x" * 99, "y"), max_length=64)
    assert city.must("allowed") == f"be one of {'x' * 40}, y"
    assert city.must("max_length") == "be at most 64 characters long"
