"""The state of a dense optimizer as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def arrays(optimizer: Any) -> list[npt.NDArray[Any]]:
    """Copies of all that an optimizer built for its weights keeps from one step to the next."""
    return [np.array(one.numpy()) for one in optimizer.variables]


def restore(optimizer: Any, saved: Sequence[npt.NDArray[Any]]) -> None:
    """Take over what `arrays` gave. Raises ValueError for other shapes or dtypes."""
    variables = list(optimizer.variables)
    expected = [(tuple(one.shape), one.dtype.as_numpy_dtype) for one in variables]
    found = [(one.shape, one.dtype.type) for one in saved]
    if expected != found:
        raise ValueError(
            f"the state of {optimizer.name} must be {len(expected)} arrays in the shapes of its "
            f"weights; what was saved are {len(found)} of other shapes or dtypes"
        )
    for variable, value in zip(variables, saved, strict=True):
        variable.assign(value)
