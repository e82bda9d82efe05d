"""Quantization: laws of the error, and the best that a search by force finds."""

import numpy as np
import pytest

from features.errors import BundleError
from serving.tables.codes import CodedTable, levels
from serving.tables.quantize import quantize


def error(weights: np.ndarray, bits: int, affine: bool) -> np.ndarray:
    codes, headers = quantize(weights, bits, affine)
    table = CodedTable(codes, headers, weights.shape[1], bits)
    back = table.gather(np.arange(len(weights), dtype=np.int32))
    return ((back - weights) ** 2).sum(axis=1)


def some(rows: int = 200, dim: int = 16) -> np.ndarray:
    random = np.random.default_rng(7)
    return (random.normal(size=(rows, dim)) * random.uniform(0.01, 2, (rows, 1))).astype("float32")


def spanning(weights: np.ndarray, bits: int) -> np.ndarray:
    """The error where codes span the range of each row, as FBGEMM's rows of few bits do."""
    low = weights.min(1, keepdims=True).astype(np.float16).astype(np.float32)
    scale = (weights.max(1, keepdims=True) - low) / (2**bits - 1)
    scale = scale.astype(np.float16).astype(np.float32)
    codes = np.clip(np.rint((weights - low) / scale), 0, 2**bits - 1)
    return ((codes * scale + low - weights) ** 2).sum(axis=1)


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_an_offset_and_a_search_lose_less_than_spanning_the_range(bits: int) -> None:
    weights = some()
    found, plain = error(weights, bits, affine=True), spanning(weights, bits)
    assert found.sum() < {2: 0.7, 4: 0.85, 8: 0.95}[bits] * plain.sum()


@pytest.mark.parametrize("bits", [2, 4])
def test_the_scale_is_nearly_the_best_there_is(bits: int) -> None:
    weights = some(rows=60)
    reach = np.abs(weights).max(1, keepdims=True)
    best = np.full(len(weights), np.inf)
    for share in np.linspace(0.2, 1.1, 500):
        scale = (reach * share / levels(bits, False)[-1]).astype(np.float16).astype(np.float32)
        codes = np.clip(np.rint(weights / scale - 0.5) + 0.5, *levels(bits, False)[[0, -1]])
        best = np.minimum(best, ((codes * scale - weights) ** 2).sum(1))
    assert error(weights, bits, affine=False).sum() < 1.03 * best.sum()


def test_eight_bits_miss_by_half_a_step_at_most() -> None:
    weights = some()
    codes, headers = quantize(weights, 8, affine=False)
    back = CodedTable(codes, headers, 16, 8).gather(np.arange(len(weights), dtype=np.int32))
    scale = headers[:, :1].astype(np.float32)
    # Rounding the scale to a float16 moves the outermost level by 127 / 2048 of a step.
    assert (np.abs(back - weights) <= (0.5 + 127 / 2048) * scale).all()


@pytest.mark.parametrize("affine", [False, True])
@pytest.mark.parametrize("bits", [2, 4, 8])
def test_zeros_and_constants(bits: int, affine: bool) -> None:
    zeros = np.zeros((3, 8), np.float32)
    assert error(zeros, bits, affine).max() == 0
    same = np.full((1, 8), 0.25, np.float32)
    assert error(same, bits, affine).max() < 1e-6


@pytest.mark.parametrize("bad", [np.nan, np.inf, 7e4])
def test_weights_that_no_scale_holds_are_refused(bad: float) -> None:
    weights = some(rows=4)
    weights[2, 3] = bad
    with pytest.raises(BundleError, match="finite and of at most 65504"):
        quantize(weights, 4, affine=True)


def test_tiny_weights_do_not_vanish_into_nonsense() -> None:
    weights = some() * np.float32(1e-9)
    assert (error(weights, 8, affine=False) <= (weights**2).sum(1) * 1.000001).all()
