"""What a feature has learned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from features.index import FIRST
from features.vocabulary import Vocabulary

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class State:
    """JSON values, arrays by name, and a vocabulary, where there is one.

    `training` holds what only the rows that were learned from need; no bundle has it.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    arrays: Mapping[str, Array] = field(default_factory=dict)
    vocabulary: Vocabulary | None = None
    training: Mapping[str, Array] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Rows of the embedding table that ids of this state point into."""
        if self.vocabulary is not None:
            return self.vocabulary.rows
        return int(self.values["buckets"]) + FIRST
