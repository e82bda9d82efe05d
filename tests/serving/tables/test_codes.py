"""Codes: worked by hand, and what a byte holds."""

import numpy as np
import pytest

from serving.tables.codes import CodedTable, decoder, levels, packed


def rows(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int32)


def test_four_bits_by_hand() -> None:
    # 0x2F holds the codes 15 and 2, 0x0A the codes 10 and 0: levels 7.5, -5.5, 2.5 and -7.5.
    codes = np.array([[0x2F, 0x0A]], np.uint8)
    table = CodedTable(codes, np.array([[2.0]], np.float16), dim=3, bits=4)
    np.testing.assert_array_equal(table.gather(rows(0)), [[15.0, -11.0, 5.0]])
    affine = CodedTable(codes, np.array([[2.0, -1.0]], np.float16), dim=3, bits=4)
    np.testing.assert_array_equal(affine.gather(rows(0)), [[29.0, 3.0, 19.0]])


def test_two_bits_by_hand() -> None:
    # 0b11_01_00_10 holds 2, 0, 1 and 3.
    codes = np.array([[0b11010010]], np.uint8)
    table = CodedTable(codes, np.array([[4.0]], np.float16), dim=4, bits=2)
    np.testing.assert_array_equal(table.gather(rows(0)), [[2.0, -6.0, -2.0, 6.0]])


def test_eight_bits_by_hand() -> None:
    codes = np.array([[128, 1, 255]], np.uint8)
    table = CodedTable(codes, np.array([[0.5]], np.float16), dim=3, bits=8)
    np.testing.assert_array_equal(table.gather(rows(0)), [[0.0, -63.5, 63.5]])


@pytest.mark.parametrize("bits", [2, 4, 8])
@pytest.mark.parametrize("dim", [1, 3, 4, 16])
@pytest.mark.parametrize("affine", [False, True])
def test_what_is_packed_is_read(bits: int, dim: int, affine: bool) -> None:
    random = np.random.default_rng(bits * dim)
    codes = random.integers(0, 1 << bits, (50, dim)).astype(np.uint8)
    headers = random.integers(1, 9, (50, 2 if affine else 1)).astype(np.float16)
    table = CodedTable(packed(codes, bits), headers, dim, bits)
    wanted = levels(bits, affine)[codes] * headers[:, :1].astype(np.float32)
    if affine:
        wanted += headers[:, 1:]
    asked = random.integers(0, 50, (7, 5)).astype(np.int32)
    np.testing.assert_array_equal(table.gather(asked), wanted[asked])


def test_a_byte_of_each_width() -> None:
    assert [decoder(bits, False).shape for bits in (8, 4, 2)] == [(256, 1), (256, 2), (256, 4)]
