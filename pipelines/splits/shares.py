"""Splits by shares of the data."""

from __future__ import annotations

from abc import ABC
from typing import Annotated, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from pipelines.splits.split import PARTS, Split

Share = Annotated[float, Field(ge=0, le=1)]


class ByShare(Split, ABC):
    """Shares of the data by part; they add up to 1."""

    train: Share = 0.8
    ranker: Share = 0.0
    valid: Share = 0.1
    test: Share = 0.1

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = self.train + self.ranker + self.valid + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the shares of the parts must add up to 1; they add up to {total:g}")
        return self

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(part for part in PARTS if getattr(self, part) > 0)

    @property
    def bounds(self) -> npt.NDArray[np.float64]:
        """Where train, ranker and valid end, as shares of the whole: exactly 1 where they do."""
        return np.round(np.cumsum([self.train, self.ranker, self.valid]), 12)
