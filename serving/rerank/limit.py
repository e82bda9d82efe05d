"""What the rows above leave open for a position."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


class Limit(ABC):
    """A rule over the first `top` positions, while a list is filled from its top.

    top: beyond it, everything is open.
    """

    top: int

    @abstractmethod
    def start(self, pinned: Mapping[int, int]) -> None:
        """Told once, of the rows that will stand at some positions whatever comes."""

    @abstractmethod
    def open(self, position: int) -> Mask | None:
        """The rows that may stand at `position`, bool (rows,), or None for all."""

    @abstractmethod
    def place(self, row: int) -> None:
        """Told of each row that is not pinned, as it is placed."""
