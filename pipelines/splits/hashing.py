"""Where a stable, published hash puts a key."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
from pydantic import Field

Seed = Annotated[int, Field(ge=0, lt=10**16)]


def places(values: pl.Series, seed: int) -> npt.NDArray[np.float64]:
    """Float64 in [0, 1), one for each distinct value; null is a value."""
    texts = values.cast(pl.String).fill_null("").to_numpy().astype(object)
    # SipHash-2-4 under our key, then SplitMix64: published, unlike Polars' own hash.
    hashed = pd.util.hash_array(texts, hash_key=f"{seed:016d}", categorize=True)
    return np.asarray((hashed >> np.uint64(11)) / float(2**53), np.float64)
