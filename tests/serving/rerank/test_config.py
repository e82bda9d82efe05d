"""What a declaration may say."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from features.errors import ConfigError
from features.schema import Schema
from serving.rerank.config import RerankConfig

PIN = {"type": "pin", "when": [["id", "==", 1]], "position": 3}
CAP = {"type": "cap", "column": "seller", "most": 1, "top": 5}
FULL = {
    "depth": 20,
    "rules": [
        PIN,
        CAP,
        {"type": "drop", "when": [["stock", "<", 1], ["seller", "in", ["a", 7]]]},
        {"type": "boost", "when": [["seller", "!=", True]], "factor": 1.5},
        {"type": "boost", "column": "margin", "add": -0.5},
        {"type": "share", "when": [["stock", "==", 5]], "least": 1, "top": 5},
    ],
    "diversity": {"columns": ["brand"], "embedding": "vector"},
    "exploration": {"type": "epsilon", "epsilon": 0.1},
}


def test_it_says_what_it_reads_and_how() -> None:
    assert RerankConfig.model_validate(FULL).reads == {
        "id": "id",
        "seller": "id",
        "stock": "number",  # compared as one, and by a share as an id
        "margin": "number",
        "brand": "id",
        "vector": "numbers",
    }


def test_it_survives_json() -> None:
    config = RerankConfig.model_validate(FULL)
    assert RerankConfig.model_validate_json(config.model_dump_json()) == config


def test_the_policy_has_a_name_and_parameters() -> None:
    assert RerankConfig.model_validate(FULL).policy == {
        "name": "epsilon",
        "epsilon": 0.1,
        "per": "list",
        "depth": 20,
    }
    assert RerankConfig.model_validate({"rules": [CAP]}).policy == {"name": "greedy", "depth": 50}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "needs `rules`, `diversity` or `exploration`"),
        ({"depth": 3, "rules": [CAP]}, "reach down to 5 rows.*set depth = 5"),
        ({"depth": 3, "rules": [PIN]}, "reach down to 4 rows.*set depth = 4"),
        ({"rules": [PIN, PIN]}, "positions of pins must differ; 3 came twice"),
        ({"rules": [{"type": "boost", "when": PIN["when"]}]}, "either `factor` or `add`"),
        ({"rules": [{"type": "boost", "factor": 2}]}, "every row changes nothing"),
        ({"rules": [{"type": "boost", "column": "x", "factor": 2}]}, "give `add`, not"),
        ({"rules": [CAP, {"type": "drop", "when": []}]}, "at least 1 item"),
        ({"rules": [{**CAP, "type": "share", "least": 9}]}, "."),
        ({"diversity": {"relevance": 0.5}}, "needs `columns`, an `embedding`, or both"),
        ({"diversity": {"columns": ["a", "a"]}}, "must differ"),
        ({"diversity": {"columns": ["v"], "embedding": "v"}}, "a vector or one value, not both"),
        ({"exploration": {"type": "epsilon", "epsilon": 0}}, "greater than 0"),
        ({"exploration": {"type": "none"}}, "epsilon.*plackett_luce.*swap"),
    ],
)
def test_what_does_not_hold_together_is_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        RerankConfig.model_validate(document)


SCHEMA = Schema.model_validate(
    {
        "features": [
            {"type": "id", "column": "seller"},
            {"type": "numeric", "column": "price"},
            {"type": "sequence", "column": "history"},
            {"type": "vector", "column": "vector", "dim": 2},
        ]
    }
)


@pytest.mark.parametrize(
    ("column", "operator", "came"),
    [("seller", "<", "an id"), ("history", "==", "a list of ids"), ("vector", ">", "a vector")],
)
def test_a_column_that_the_model_reads_otherwise_is_refused(
    column: str, operator: str, came: str
) -> None:
    config = RerankConfig.model_validate(
        {"rules": [{"type": "drop", "when": [[column, operator, 1]]}]}
    )
    with pytest.raises(ConfigError, match=f"column '{column}' must.*the model reads it as {came}"):
        config.require(SCHEMA)


def test_columns_may_be_shared_with_the_model() -> None:
    drop = {"type": "drop", "when": [["price", ">", 1], ["price", "!=", 3], ["seller", "==", 3]]}
    config = {"rules": [drop], "diversity": {"embedding": "vector", "columns": ["seller", "other"]}}
    RerankConfig.model_validate(config).require(SCHEMA)
