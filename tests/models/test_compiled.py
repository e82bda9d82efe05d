"""Kernels: kept on disk where they can be, and the same where they cannot."""

from typing import Any

import numpy as np

from models.compiled import compiled, singles

DIVIDE = "def divide(one, other):\n    return one / other\n"


def test_options_are_float32() -> None:
    assert [one.dtype for one in singles(0.1, 2)] == [np.float32, np.float32]


def test_a_kernel_whose_file_has_no_place_for_it_is_compiled_all_the_same() -> None:
    """And division by zero is what numpy says."""
    made: dict[str, Any] = {}
    code = compile(DIVIDE, "<no file>", "exec")
    exec(code, made)
    divide = compiled(made["divide"])
    assert divide(1.0, 4.0) == 0.25
    assert np.isnan(divide(0.0, 0.0))
    assert divide(1.0, 0.0) == np.inf
