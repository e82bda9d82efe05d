"""One schema that uses every transform and every derived column, and what it learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl

from features.layout import Field, NumericField
from features.schema import Schema
from features.state import State
from features.statistics import Counts
from features.transforms.custom import register
from features.transforms.text import canonical
from features.transforms.transform import Roles, Transform, Values
from features.want import Want
from tests.features import static_model
from tests.features.support import EXACT, TEXTS


@register("tests.length")
class Length(Transform):
    """The length of an id's text, less the longest that was learned from."""

    want: ClassVar[Want] = "id"
    scale: float = 1.0

    @property
    def key(self) -> str:
        return f"length:{self.name}"

    def observe(self, frame: pl.DataFrame, roles: Roles) -> Counts:  # noqa: ARG002
        texts = frame.select(self.read(frame.schema[self.column])).to_series()
        return Counts.of(texts)

    def finalize(self, statistic: Any, base: Path) -> State:  # noqa: ARG002
        return State({"longest": statistic.table["value"].str.len_chars().max()})

    def read(self, dtype: pl.DataType) -> pl.Expr:
        return canonical(pl.col(self.column), dtype, self.column)

    def encode(self, values: pl.Series, state: State) -> Values:
        lengths = values.str.len_chars().fill_null(0).to_numpy().astype(np.float32)
        return (lengths - np.float32(state.values["longest"])) * np.float32(self.scale)

    def field(self, state: State) -> Field:  # noqa: ARG002
        return NumericField(name=self.name)


def _ids() -> list[dict[str, Any]]:
    return [
        {"type": "id", "column": "user", "min_count": 2},
        {"type": "id", "column": "item"},
        {"type": "id", "column": "user", "name": "user_item", "vocabulary": "item"},
        {"type": "id", "column": "city", "max_size": 9},
        {"type": "id", "column": "city", "name": "city_listed", "file": "cities.txt"},
        {"type": "id", "column": "city", "name": "city_bucket", "buckets": 11, "seed": 3},
        {"type": "id", "column": "user", "name": "user_pair", "buckets": 50, "hashes": 2},
        {
            **{"type": "id", "column": "item", "name": "item_chance"},
            **{"admission": "poisson", "probability": 0.5},
        },
        {
            **{"type": "id", "column": "item", "name": "item_bloom"},
            **{"admission": "bloom", "min_count": 3},
        },
        *(
            {"type": "id", "column": name}
            for name in ("place", "hour", "day_of", "lowered", "liked", "found")
        ),
    ]


def _numbers() -> list[dict[str, Any]]:
    numeric: list[dict[str, Any]] = [
        {"scale": "standard"},
        {"scale": "standard", "log": True},
        {"scale": "min_max", "clip": [-5, 50]},
        {"scale": "quantile", "fill": 3},
        {"scale": "rank_gauss", "log": True},
        {"scale": "none", "fill": 2.5, "log": True},
    ]
    buckets: list[dict[str, Any]] = [
        {"edges": [0, 1, 7]},
        {"by": "quantile", "buckets": 4},
        {"by": "width", "buckets": 4},
        {"by": "target"},
    ]
    return [
        *(
            {"type": "numeric", "column": column, "name": f"{column}_{i}", **one}
            for i, one in enumerate(numeric)
            for column in ("price", "age")
        ),
        *(
            {"type": "bucketize", "column": "price", "name": f"bucket_{i}", **one}
            for i, one in enumerate(buckets)
        ),
        *(
            {"type": "numeric", "column": column}
            for column in ("ratio", "since", "waited", "clicks", "shared", "before", "turn")
        ),
        {"type": "target", "name": "user_rate", "column": "user", "fold_by": "session"},
        {"type": "target", "name": "item_rate", "column": "item", "smoothing": 2},
        {"type": "target", "name": "place_mean", "column": "place", "statistic": "mean"}
        | {"before": "day", "period": 2},
        {"type": "target", "name": "item_count", "column": "item", "statistic": "count"},
        {"type": "vector", "column": "image", "dim": 3},
        {"type": "vector", "column": "image", "name": "unit", "dim": 3, "normalize": True},
        {"type": "vector", "column": "image", "name": "projected", "dim": 3, "project": 2},
        {"type": "custom", "use": "tests.length", "column": "user", "name": "length"}
        | {"options": {"scale": 0.5}},
    ]


def _sequences() -> list[dict[str, Any]]:
    return [
        {"type": "sequence", "column": "seen", "vocabulary": "item", "max_length": 3},
        {"type": "sequence", "column": "tags", "aligned": True, "keep": "first", "max_length": 4},
        {"type": "sequence", "column": "words", "separator": "|", "max_length": 5},
        {"type": "sequence", "column": "tags", "name": "tags_hashed", "buckets": 7},
        *({"type": "sequence", "column": name} for name in ("gaps", "tokens", "common")),
        {"type": "sequence", "column": "pairs", "separator": "|", "aligned": True},
    ]


DERIVED: list[dict[str, Any]] = [
    {"type": "cross", "name": "place", "columns": ["city", "lowered"]},
    {"type": "expression", "name": "lowered", "expression": "lower(title)"},
    {"type": "expression", "name": "ratio", "expression": "log1p(fill(price, 0) ** 2) / age"},
    {"type": "time", "name": "hour", "column": "shown", "part": "hour", "zone": "Asia/Kathmandu"},
    {"type": "time", "name": "day_of", "column": "shown", "part": "date"},
    {"type": "time", "name": "turn", "column": "published", "part": "weekday_sin"},
    {"type": "age", "name": "since", "column": "shown", "since": "published", "unit": "hours"},
    {"type": "age", "name": "waited", "column": "shown", "reference": "2024-01-31T00:00:00Z"},
    {"type": "lookup", "name": "clicks", "column": "counts", "key": "item"},
    {"type": "lookup", "name": "liked", "column": "names", "key": "city", "value": "id"},
    {"type": "overlap", "name": "shared", "columns": ["seen", "tags"], "measure": "jaccard"},
    {"type": "overlap", "name": "common", "columns": ["seen", "tags"], "measure": "items"},
    {"type": "member", "name": "before", "column": "item", "of": "seen"},
    {"type": "member", "name": "found", "column": "user", "of": "tags", "position": True},
    {"type": "gaps", "name": "gaps", "column": "times", "now": "shown", "edges": [0, 60, 3600]},
    {"type": "tokens", "name": "tokens", "column": "title", "ngrams": [1, 2]},
]
EMBEDDED: list[dict[str, Any]] = []
if static_model.INSTALLED:
    DERIVED.append(
        {"type": "embedding", "name": "meaning", "column": "title", "max_length": 3}
        | {"model": static_model.static_folder()}
    )
    EMBEDDED.append({"type": "vector", "column": "meaning", "dim": static_model.DIM})
CHECKS: list[dict[str, Any]] = [
    {"column": "age", "kind": "number", "min": -5, "max": 120, "on_violation": "clip"},
    {"column": "city", "max_length": 30, "on_violation": "null"},
    {"column": "tags", "kind": "list"},
]
SCHEMA = Schema.model_validate(
    {
        "features": [*_ids(), *_numbers(), *_sequences(), *EMBEDDED],
        **{"derived": DERIVED, "checks": CHECKS, "label": "click", "query": "query"},
    }
)
CITIES = "Oslo\n7\n\n  é\n🦀\nOslo\n"


def training(rows: int = 60, seed: int = 0) -> pl.DataFrame:
    """Rows that all of `SCHEMA` can be learned from, with much of what `support` thinks odd."""
    order = np.random.default_rng(seed)

    def some(values: list[Any]) -> list[Any]:
        return [values[i] for i in order.integers(0, len(values), rows)]

    def lists(values: list[Any]) -> list[Any]:
        return [
            None if size == 5 else [values[i] for i in order.integers(0, len(values), size)]
            for size in order.integers(0, 6, rows)
        ]

    texts: list[Any] = ["a", "7", "Oslo", "🦀", "", None, *TEXTS]
    numbers: list[Any] = [*range(-4, 9), 0.5, 1e3, None, float("nan")]
    times: list[Any] = [1706745599, 0, 1_600_000_000, 86_400 * 5 + 7, None]
    vectors: list[Any] = [[1.0, 2.0, -3.0], [0.0, 0.0, 0.0], [1e300, None, 1.0], None]
    entries: list[Any] = [[{"key": "7", "value": 2.0}, {"key": "a", "value": None}], [], None]
    names: list[Any] = [[{"key": "Oslo", "value": "x"}, {"key": "7", "value": ""}], [], None]
    tags = ["a", "7", "3", "1", "b", "", None, "🦀"]
    return pl.DataFrame(
        {
            **{name: some(texts) for name in ("user", "city", "title")},
            "item": some([*range(12), None, EXACT + 1]),
            "price": pl.Series(some([*numbers, float("inf")]), dtype=pl.Float64),
            "age": pl.Series(some(numbers), dtype=pl.Float64),
            **{name: some(times) for name in ("shown", "published")},
            "seen": pl.Series(lists([*range(12), None]), dtype=pl.List(pl.Int64)),
            "tags": pl.Series(lists(tags), dtype=pl.List(pl.String)),
            "times": pl.Series(lists(times), dtype=pl.List(pl.Int64)),
            "words": some(["a|b||c", "b", "", "|", None, "7|7"]),
            "pairs": some(["a||c", "b", "", "|", None, "7|7"]),
            "image": pl.Series(some(vectors), dtype=pl.List(pl.Float64)),
            "counts": pl.Series(
                some(entries), dtype=pl.List(pl.Struct({"key": pl.String, "value": pl.Float64}))
            ),
            "names": pl.Series(
                some(names), dtype=pl.List(pl.Struct({"key": pl.String, "value": pl.String}))
            ),
            "click": some([0, 1]),
            "query": some([*range(9)]),
            "session": some(["s", "t", "u", "", None]),
            "day": some([0.5, 1.0, 7.0, -3.0]),
        }
    )
