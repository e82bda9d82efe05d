"""Whole logs against each other, and against an encoder."""

import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import ks_2samp

from features import store
from features.encoder import Encoder
from features.errors import ConfigError, DataError, SchemaError
from features.fit import fit
from features.schema import Schema
from pipelines.inspect.compare import compare
from pipelines.inspect.distance import psi
from pipelines.inspect.drift import ColumnDrift, Drift, Thresholds, document

Frame = dict[str, Any] | pl.DataFrame
rng = np.random.default_rng(0)


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Report to nobody."""


@pytest.fixture
def drift(tmp_path: Path) -> Callable[..., Drift]:
    """Of frames, or an encoder and a frame."""

    def place(name: str, what: Frame | Encoder) -> str:
        if isinstance(what, Encoder):
            folder = Path(tempfile.mkdtemp(dir=tmp_path))
            store.save(what, folder / "encoder")
            return str(folder)
        frame = what if isinstance(what, pl.DataFrame) else pl.DataFrame(what, strict=False)
        frame.write_parquet(tmp_path / f"{name}.parquet")
        return str(tmp_path / f"{name}.parquet")

    def call(a: Frame | Encoder, b: Frame | Encoder, *ignored: str, **most: float) -> Drift:
        return compare(place("a", a), place("b", b), Thresholds(**most), ignored, None, silent)

    return call


def only(drift: Drift) -> ColumnDrift:
    (found,) = drift.columns
    return found


def test_a_log_has_not_drifted_from_itself(drift: Callable[..., Drift], odd: pl.DataFrame) -> None:
    found = drift(odd, odd, psi=0, ks=0, unseen=0)
    assert found.beyond == []
    assert found.rows == (odd.height, odd.height)
    assert {one.unseen for one in found.columns} == {None, 0}


def test_psi_and_ks_of_a_shift(drift: Callable[..., Drift]) -> None:
    a, b = rng.normal(size=4000), rng.normal(0.5, size=3000)
    found = only(drift({"x": a}, {"x": b}))
    edges = np.quantile(a, [i / 10 for i in range(1, 10)], method="inverted_cdf")
    before, after = (np.bincount(np.searchsorted(edges, x), minlength=10) for x in (a, b))
    assert found.psi == pytest.approx(psi([*before, 0], [*after, 0]), abs=2e-3)
    assert found.ks is not None
    assert found.ks.value == pytest.approx(ks_2samp(a, b).statistic, abs=1e-3)
    assert [one.split()[0] for one in found.beyond] == ["PSI", "KS"]


def test_new_values_are_those_that_a_does_not_hold(drift: Callable[..., Drift]) -> None:
    a = [f"u{i}" for i in rng.integers(0, 30_000, 60_000)]
    b = [f"u{i}" for i in rng.integers(10_000, 40_000, 20_000)] + [""] * 100
    found = only(drift({"user": a}, {"user": b}))
    known = set(a)
    expected = sum(one not in known for one in b[:20_000]) / 20_000
    assert found.unseen == pytest.approx(expected, abs=1e-4)
    assert found.unseen_error < 1e-6
    assert any(one.startswith("new values") for one in found.beyond)


def test_new_elements_of_lists(drift: Callable[..., Drift]) -> None:
    found = only(drift({"h": [["a", "b"], []]}, {"h": [["a", "c", "c", None], None]}))
    assert found.unseen == pytest.approx(2 / 3)
    assert found.missing == (0.5, 0.5)


def test_values_that_vanish_are_seen(drift: Callable[..., Drift]) -> None:
    found = only(drift({"c": ["a", "b"] * 500}, {"c": ["a", None] * 500}))
    assert found.missing == (0, 0.5)
    assert found.beyond[0].startswith("PSI")


@pytest.mark.parametrize("kind", [pl.Int64, pl.Float32, pl.UInt8])
def test_numbers_may_change_their_type(drift: Callable[..., Drift], kind: Any) -> None:
    a = pl.DataFrame({"x": pl.Series(range(100)), "item_id": pl.Series(range(100)) % 7})
    found = drift(a, a.cast(kind), psi=0, ks=0, unseen=0)
    assert found.beyond == []


def test_columns_and_types_that_change_are_findings(drift: Callable[..., Drift]) -> None:
    a = {"x": [1, 2], "gone": [1, 2], "kept": ["a", "b"]}
    b = {"x": ["1", "2"], "new": [1, 2], "kept": ["a", "b"]}
    found = {one.column: one.beyond for one in drift(a, b).columns}
    assert found == {
        "x": ("Int64 became String",),
        "gone": ("missing from B",),
        "kept": (),
        "new": ("only in B",),
    }
    assert drift(a, b, "x", "gone", "new").beyond == []


def test_a_column_without_any_value_has_no_type(drift: Callable[..., Drift]) -> None:
    found = only(drift({"x": [1.0, 2.0] * 50}, {"x": pl.Series([None] * 100)}))
    assert [one.split()[0] for one in found.beyond] == ["PSI"]


def test_times_queries_and_row_numbers_are_not_judged(drift: Callable[..., Drift]) -> None:
    def log(start: int) -> dict[str, Any]:
        rows = range(start, start + 200)
        return {
            "timestamp": [1_600_000_000 + 1000 * i for i in rows],
            "query_id": [i // 4 for i in rows],
            "row": list(rows),
            "key": [f"k{i}" for i in rows],
            "day": pl.Series(rows).cast(pl.Date),
            "click": [i % 2 for i in rows],
            "price": [float(i % 10) for i in rows],
        }

    found = drift(log(0), log(10_000))
    assert found.beyond == []
    assert {one.column: one.exempt for one in found.columns if one.exempt} == {
        "timestamp": "it is the time",
        "query_id": "it is the query",
        "row": "it counts the rows",
        "key": "it differs in nearly every row",
        "day": "it is a time",
    }


def test_the_document_is_json(drift: Callable[..., Drift], odd: pl.DataFrame) -> None:
    thresholds = Thresholds(ks=math.inf)
    told = document(drift(odd, odd.head(50)), thresholds, "a", "b")
    assert json.loads(json.dumps(told, allow_nan=False))["thresholds"] == {
        "psi": 0.2, "ks": None, "unseen": 0.1,
    }  # fmt: skip


def test_what_cannot_be_compared_is_refused(drift: Callable[..., Drift]) -> None:
    with pytest.raises(ConfigError, match="must share a column"):
        drift({"x": [1]}, {"y": [1]})
    with pytest.raises(ConfigError, match="'z' is not.*x"):
        drift({"x": [1]}, {"x": [1]}, "z")
    with pytest.raises(ConfigError, match="threshold ks.*nan"):
        Thresholds(ks=math.nan)


@pytest.fixture
def encoder() -> Encoder:
    declared = [
        {"type": "id", "columns": ["user", "city"], "min_count": 2},
        {"type": "sequence", "column": "history", "vocabulary": "user", "max_length": 3},
        {"type": "numeric", "column": "price"},
    ]
    frame = pl.DataFrame(
        {
            "user": ["a", "a", "b", "b", "rare"],
            "city": ["x", "x", "x", "x", None],
            "history": [["a"], ["b"], [], ["a", "b"], None],
            "price": [1.0, 2.0, 3.0, 4.0, 5.0],
        }
    )
    return fit(Schema.model_validate({"features": declared}), [frame])


ROWS = {
    "user": ["a", "b", "rare", None, "", "new"],
    "city": ["x", "x", "y", "x", "x", "x"],
    "history": [["a", "new"], ["zz", "zz", "zz", "b"], [], None, ["b"], ["a"]],
    "price": [1.0] * 6,
}


def test_ids_that_an_encoder_does_not_know(drift: Callable[..., Drift], encoder: Encoder) -> None:
    found = drift(encoder, ROWS, unseen=0.3)
    assert found.rows == (None, 6)
    told = {one.column: (one.unseen, one.missing[1]) for one in found.columns}
    # The history is cut to its last 3: [a, new], [zz, zz, b], [b], [a].
    assert told == {"user": (2 / 4, 2 / 6), "city": (1 / 6, 0), "history": (3 / 7, 2 / 6)}
    assert found.beyond == ["user", "history"]
    assert drift(ROWS, encoder, unseen=0.3).columns == found.columns


def test_columns_that_an_encoder_misses(drift: Callable[..., Drift], encoder: Encoder) -> None:
    rows = {name: values for name, values in ROWS.items() if name not in ("city", "price")}
    found = drift(encoder, {**rows, "other": [1] * 6, "user": [None] * 6}, unseen=1)
    told = {one.column: one.beyond for one in found.columns}
    assert told == {
        "user": ("missing in every row",),
        "city": ("missing from B",),
        "history": (),
        "price": ("missing from B",),
    }


def test_an_encoder_refuses(drift: Callable[..., Drift], encoder: Encoder) -> None:
    with pytest.raises(ConfigError, match="both hold an encoder"):
        drift(encoder, encoder)
    for rows, error, words in (
        ({"z": [1]}, DataError, "must hold columns that the encoder reads"),
        ({**ROWS, "price": ["x"] * 6}, SchemaError, "'price' must hold numbers"),
    ):
        with pytest.raises(error, match=words):
            drift(encoder, rows)
    with pytest.raises(ConfigError, match="'usr' is not.*Did you mean 'user'"):
        drift(encoder, ROWS, "usr")
