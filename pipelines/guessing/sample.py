"""How many rows a guess looks at."""

from __future__ import annotations

_ROWS = 200_000
_CELLS = 40_000_000  # values: fewer rows of very wide logs
_FEWEST = 10_000


def sample_rows(columns: int) -> int:
    return min(_ROWS, max(_FEWEST, _CELLS // columns))
