"""Seeds for the parts of a block."""

from __future__ import annotations

import numpy as np


def spawn(seed: int, count: int) -> list[int]:
    """`count` seeds below 2^31 that neither neighbours of `seed` nor their own spawn share."""
    return [int(one) >> 1 for one in np.random.SeedSequence(seed).generate_state(count)]
