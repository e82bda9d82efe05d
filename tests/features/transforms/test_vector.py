import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features import store
from features.encoder import Encoder
from features.errors import FingerprintError, SchemaError
from features.fit import fit
from features.layout import NumericField
from features.schema import Schema
from features.state import State
from features.transforms.vector import Vector
from tests.features.support import number_values

NAN, INF = math.nan, math.inf
LARGEST = float(np.finfo(np.float32).max)
LISTS = pl.List(pl.Float64)
ANY = settings(deadline=None, max_examples=60)


def encoder(dim: int = 3, **options: Any) -> Encoder:
    feature = {"type": "vector", "column": "v", "dim": dim, **options}
    return fit(Schema.model_validate({"features": [feature]}), [pl.DataFrame({"other": [1]})])


def encoded(values: Any, dtype: Any = LISTS, **options: Any) -> np.ndarray:
    series = pl.Series("v", values, dtype=dtype)
    found = encoder(**options).batch(series.to_frame()).numerics
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    return found


def test_numbers_as_they_are() -> None:
    assert encoded([[1, 2.5, -3], [0, 0, 0]]).tolist() == [[1, 2.5, -3], [0, 0, 0]]
    frame = encoder().encode(pl.DataFrame({"v": [[1, 2, 3]]}))
    assert frame.schema == {"v": pl.Array(pl.Float32, 3)}
    assert encoder(dim=1).encode(pl.DataFrame({"v": [[7]]})).schema == {"v": pl.Float32}


def test_a_vector_with_anything_missing_is_zeros() -> None:
    values = [None, [1, None, 3], [NAN, 1, 1], [1, INF, 1], [1, 1, -INF], [1, 2, 3]]
    assert encoded(values).tolist() == [[0, 0, 0]] * 5 + [[1, 2, 3]]
    assert encoded(values, normalize=True)[:5].tolist() == [[0, 0, 0]] * 5
    assert encoded(values, project=2)[:5].tolist() == [[0, 0]] * 5


@pytest.mark.parametrize("dtype", [pl.Null, pl.List(pl.Null), pl.List(pl.String), pl.String])
@pytest.mark.parametrize("rows", [0, 2])
def test_no_values_and_no_rows(dtype: Any, rows: int) -> None:
    assert encoded([None] * rows, dtype).tolist() == [[0, 0, 0]] * rows


@pytest.mark.parametrize(
    "dtype",
    [pl.List(pl.Int8), pl.List(pl.Float32), pl.Array(pl.Int64, 3), pl.List(pl.Decimal(9, 2))],
    ids=str,
)
def test_types_may_drift(dtype: Any) -> None:
    values = pl.Series([[1, 0, 1], None, [0, None, 1]], dtype=pl.List(pl.Int64)).cast(dtype)
    assert encoded(values, dtype).tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_booleans_are_ones_and_zeros() -> None:
    assert encoded([[True, False, True], None], pl.List(pl.Boolean)).tolist() == [
        [1, 0, 1],
        [0] * 3,
    ]


@pytest.mark.parametrize("wrong", [[1, 2], [1, 2, 3, 4], [None]])
def test_another_length_is_refused(wrong: list[Any]) -> None:
    with pytest.raises(SchemaError, match=rf"lists of 3 numbers; it holds one of {len(wrong)}\."):
        encoded([[1, 2, 3], None, wrong])


@pytest.mark.parametrize(
    "values", [["a", "b", "c"], [[["a"], ["b"], ["c"]]], [1, 2, 3], [["x", "y", "z"]]]
)
def test_what_is_no_list_of_numbers_is_refused(values: Any) -> None:
    with pytest.raises(SchemaError, match="Column 'v' must hold lists of 3 numbers; it holds"):
        encoded(values, None)


def test_beyond_float32_is_its_last_number() -> None:
    assert encoded([[1e300, -1e300, 1]]).tolist() == [[LARGEST, -LARGEST, 1]]
    assert np.abs(encoded([[1e300, -1e300, 1]], project=2)).max() <= LARGEST


VECTORS = st.lists(st.none() | st.lists(number_values(), min_size=3, max_size=3), max_size=5)


@given(VECTORS, st.booleans(), st.none() | st.integers(1, 4))
@ANY
def test_whatever_comes_is_finite_and_of_its_width(
    values: list[Any], normalize: bool, project: int | None
) -> None:
    found = encoded(values, normalize=normalize, project=project)
    assert found.shape == (len(values), project or 3)
    if normalize:
        lengths = np.linalg.norm(found.astype(np.float64), axis=1)
        assert ((np.abs(lengths - 1) < 1e-6) | (lengths == 0)).all()


@given(st.lists(st.floats(-1e30, 1e30), min_size=3, max_size=3), st.floats(1e-300, 1e300))
@ANY
def test_only_the_direction_counts_once_normalized(vector: list[float], scale: float) -> None:
    found = encoded([vector], normalize=True)[0]
    length = np.linalg.norm(np.array(vector) / (max(map(abs, vector)) or 1))
    expected = np.array(vector) / (max(map(abs, vector)) or 1) / (length or 1)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-30)


def test_tiny_and_huge_vectors_are_normalized_too() -> None:
    half = math.sqrt(0.5)
    values = [[1e-200, -1e-200, 0], [1e300, 1e300, 0], [5e-324, 0, 0], [3, 4, 0]]
    expected = [[half, -half, 0], [half, half, 0], [1, 0, 0], [0.6, 0.8, 0]]
    assert encoded(values, normalize=True) == pytest.approx(np.array(expected), rel=1e-6)


def test_a_projection_keeps_lengths_and_distances() -> None:
    some = np.random.default_rng(0).normal(size=(200, 300))
    found = encoded(some.tolist(), dim=300, project=64).astype(np.float64)
    lengths = (found**2).sum(1) / (some**2).sum(1)
    assert lengths.mean() == pytest.approx(1, abs=0.04)  # its spread is sqrt(2 / 64 / 200)
    assert lengths.std() == pytest.approx(math.sqrt(2 / 64), rel=0.25)
    distances = ((found[1:] - found[:-1]) ** 2).sum(1) / ((some[1:] - some[:-1]) ** 2).sum(1)
    assert distances.mean() == pytest.approx(1, abs=0.04)
    unit = encoded(some.tolist(), dim=300, project=64, normalize=True)
    assert np.linalg.norm(unit, axis=1) == pytest.approx(np.ones(200), abs=1e-6)


def test_a_projection_is_linear_and_its_seed_decides() -> None:
    some = np.random.default_rng(1).normal(size=(2, 3))
    one, other, both = encoded([*some.tolist(), some.sum(0).tolist()], project=5)
    assert both == pytest.approx(one + other, abs=1e-6)
    again = encoded(some.tolist(), project=5)
    assert np.array_equal(again[0], one)
    assert not np.allclose(encoded(some.tolist(), project=5, seed=1)[0], one)


def test_the_projection_is_kept_with_the_encoder(tmp_path: Path) -> None:
    # What NumPy draws from a seed may change with its version.
    known = encoder(project=2)
    identity = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    projection = known.states["vector:v"].arrays["projection"]
    assert known.batch(pl.DataFrame({"v": identity})).numerics == pytest.approx(projection)
    store.save(known, tmp_path / "encoder")
    changed = {"vector:v": State(arrays={"projection": projection * 2})}
    assert Encoder(known.schema, changed).fingerprint != known.fingerprint
    np.save(tmp_path / "encoder" / "array-000.npy", projection * 2)
    with pytest.raises(FingerprintError, match="altered"):
        store.load(tmp_path / "encoder")


@pytest.mark.parametrize(
    "options", [{"dim": 0}, {"dim": 3, "project": 0}, {"dim": 3, "seed": -1}, {"dim": 1.5}, {}]
)
def test_declarations_that_do_not_hold_together(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Vector(name="v", column="v", **options)


def test_its_field_is_as_wide_as_what_it_gives() -> None:
    assert encoder().layout.numerics == (NumericField(name="v", width=3),)
    assert encoder(project=2).layout.numeric_names == ("v[0]", "v[1]")
