"""A frame with everything that a log can hold, and a way to inspect any frame."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.readers.open import open_source
from pipelines.inspect.document import Document, document
from pipelines.inspect.profile import inspect

ROWS = 600


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Report to nobody."""


def cycled(*values: Any) -> list[Any]:
    return [values[i % len(values)] for i in range(ROWS)]


@pytest.fixture(scope="session")
def odd() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    seconds = rng.integers(0, 10**8, ROWS).tolist()
    return pl.DataFrame(
        {
            "<script>alert(1)</script>": cycled("<script>x</script>", "</td>", "&amp;", '"q"'),
            "long": [f"{'é' * 500}{i % 30}" for i in range(ROWS)],
            "emoji 😀 \" ' <b>": cycled("😀", "\u202eabc", "\x00\x1b[31m", "[/nope]", " "),
            "": cycled("a", "", None),
            "nan": cycled(1.5, float("nan"), None, float("inf"), -float("inf"), 2.0),
            "huge": rng.normal(size=ROWS) * 1e300,
            "extremes": cycled(1.7e308, -1.7e308, 0.0),
            "subnormal": rng.integers(1, 2**40, ROWS) * 5e-324,
            "empty": pl.Series([None] * ROWS, dtype=pl.String),
            "null": pl.Series([None] * ROWS),
            "constant": ["c"] * ROWS,
            "row": range(ROWS),
            "unique": [f"u{i}" for i in range(ROWS)],
            "list": cycled(["a", "b"], [], None, ["a", None, ""]),
            "floats": cycled([0.1, 0.2], [1.0]),
            "no list": pl.Series([[]] * ROWS, dtype=pl.List(pl.String)),
            "nested": cycled([[1]], [[2, 3]]),
            "struct": cycled({"a": 1}),
            "binary": cycled(b"x"),
            "array": pl.Series([[1, 2]] * ROWS, dtype=pl.Array(pl.Int32, 2)),
            "date": [dt.date(2020, 1, 1) + dt.timedelta(seconds=one) for one in seconds],
            "moment": [dt.datetime(2020, 1, 1) + dt.timedelta(seconds=one) for one in seconds],
            "clock": cycled(dt.time(1, 2, 3), dt.time(20)),
            "duration": cycled(dt.timedelta(seconds=1)),
            "decimal": cycled(Decimal("1.10"), Decimal("2.00")),
            "boolean": cycled(True, False, None),
            "unsigned": pl.Series([2**64 - 1 - i for i in range(ROWS)], dtype=pl.UInt64),
            "amount": rng.lognormal(0, 2, ROWS),
            "click": rng.integers(0, 2, ROWS),
        },
        strict=False,
    )


@pytest.fixture
def described(tmp_path: Path) -> Callable[..., Document]:
    """The document of a frame, read from a file."""

    def call(frame: pl.DataFrame, label: str | None = None) -> Document:
        path = tmp_path / "log.parquet"
        frame.write_parquet(path)
        source = open_source(str(path), None, tmp_path)
        return document(inspect(source, label, silent), source, "log.parquet")

    return call


@pytest.fixture
def column(described: Callable[..., Document]) -> Callable[..., Document]:
    """What a document says of one column."""

    def call(values: Any, label: list[int] | None = None, name: str = "value") -> Document:
        frame = pl.DataFrame({name: values}, strict=False)
        if label is not None:
            frame = frame.with_columns(click=pl.Series(label))
        found = described(frame, "" if label is None else "click")
        return next(one for one in found["columns"] if one["column"] == name)

    return call
