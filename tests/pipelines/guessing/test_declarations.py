from typing import Any

import numpy as np
import polars as pl
import pytest

ROWS = 600


def draws(most: int) -> np.ndarray:
    return np.random.default_rng(most).integers(0, most, ROWS)


def test_columns_that_teach_nothing_are_left_out(configured: Any, guessed: Any) -> None:
    columns = {
        "constant": [7] * ROWS,
        "same": [["a"]] * ROWS,
        "nothing": [None] * ROWS,
        "nan": [float("nan")] * ROWS,
        "blank": [""] * ROWS,
        "empty": pl.Series([[]] * ROWS, dtype=pl.List(pl.String)),
        "late": [None] * (ROWS - 50) + ["x"] * 50,
        "key": [f"r{row}" for row in range(ROWS)],
        "number": range(ROWS),
        "vector": [[0.5, 1.5]] * ROWS,
        "struct": [{"a": 1}] * ROWS,
        "day": ["2024-01-02", "2024-01-03"] * (ROWS // 2),
        "conversion": draws(2),
        "propensity": np.linspace(0, 1, ROWS),
        "session_id": draws(90),
        "__label": draws(3),
    }
    assert configured(columns).schema_.columns == ("price",)
    findings = guessed(columns).findings
    assert {one.column for one in findings if one.taken == "left out"} == set(columns)
    assert len(findings) == len(columns) + 2


@pytest.mark.parametrize(
    ("name", "values", "what"),
    [
        ("store_id", draws(400), "id"),
        ("userId", [None if v == 0 else float(v) for v in draws(40)], "id"),
        ("codes", draws(30) ** 3 * 1009 - 5, "id"),
        ("kind", draws(6), "id"),
        ("flag", draws(2) == 1, "id"),
        ("years", draws(7), "numeric"),
        ("seen", draws(70), "numeric"),
        ("spread", draws(10**6), "numeric"),
        ("ratio", draws(9) / 2, "numeric"),
        ("spend", np.exp(np.linspace(0, 12, ROWS)), "numeric (log)"),
        ("debt", -np.exp(np.linspace(0, 12, ROWS)), "numeric"),
        ("tags", [["a", "b"][: v % 3] for v in draws(9)], "sequence"),
        ("genres", [("a|b", "a", "b|c", "c|a", "d", "b|d|a")[v] for v in draws(6)], "id"),
        ("places", [f"{'|'.join('abcdefg'[v % 7 : v % 5 + 3])}" for v in draws(99)], "sequence"),
        ("weight", draws(5) + 0.5, "weight"),
        ("weight", draws(5), "id"),  # a weight of 0 is none
        ("position", draws(10), "position"),
        ("position", -draws(10), "left out"),
    ],
)
def test_kinds(guessed: Any, name: str, values: Any, what: str) -> None:
    found = {one.column: one.taken for one in guessed({name: values}).findings}
    assert found[name] == what


@pytest.mark.parametrize(("distinct", "least"), [(900, 1), (1100, 2), (11_000, 3)])
def test_rare_ids_are_one(configured: Any, distinct: int, least: int) -> None:
    values = [f"v{row % distinct}" for row in range(3 * distinct)]
    (feature,) = (one for one in configured({"a": values}).schema_.features if one.name == "a")
    assert feature.min_count == least


def test_numbered_columns_agree(configured: Any) -> None:
    counts = {f"I{k}": np.floor(np.exp(draws(100 * k) / (9 * k))) for k in (1, 2, 3)}
    columns = {name: values.astype(int) for name, values in counts.items()} | {"I4": draws(4)}
    config = configured(columns)
    blocks = {str(one.get("columns", one.get("column"))): one for one in config.features}
    assert set(blocks) == {"price", "I1..I4"}
    assert blocks["I1..I4"]["type"] == "numeric"
    assert blocks["I1..I4"]["log"]


def test_list_shares_the_vocabulary_it_overlaps_with_most(configured: Any) -> None:
    rng = np.random.default_rng(1)
    columns = {
        "user_id": draws(500),
        "shop_id": draws(200),
        "item_id": draws(50),
        "history": rng.integers(0, 50, (ROWS, 4)).tolist(),
        "topics": rng.integers(10**6, 10**6 + 30, (ROWS, 60)).tolist(),
    }
    found = {one.name: one for one in configured(columns).schema_.features}
    assert (found["history"].key, found["history"].max_length) == ("item_id", 4)
    assert (found["topics"].key, found["topics"].max_length) == ("topics", 50)
