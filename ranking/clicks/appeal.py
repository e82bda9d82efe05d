"""What documents are to users, apart from where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Appeal:
    """attraction: float64 (documents,), P(click | looked at).

    satisfaction: float64 (documents,), P(looks no further | clicked), for the models that know it.
    """

    attraction: Floats
    satisfaction: Floats

    @classmethod
    def of(cls, relevance: npt.NDArray[Any]) -> Appeal:
        """A relevant document attracts as often as it satisfies."""
        both = np.asarray(relevance, dtype=np.float64)
        return cls(both, both)

    def __getitem__(self, rows: npt.NDArray[Any]) -> Appeal:
        return Appeal(self.attraction[rows], self.satisfaction[rows])
