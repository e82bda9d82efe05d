"""The columns that one declaration names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_RANGE = re.compile(r"^(?P<stem>.*?)(?P<first>\d+)\.\.(?P=stem)(?P<last>\d+)$")


def named(columns: Any) -> Iterator[str]:
    """Each column of a `columns` option: a name, a range of names, or a list of those.

    Raises ValueError for anything else.
    """
    patterns = [columns] if isinstance(columns, str) else columns
    listed = isinstance(patterns, list | tuple) and len(patterns) > 0
    if not listed or not all(isinstance(name, str) for name in patterns):
        raise ValueError(f"`columns` must be one name of a column or more; got {columns!r}")
    for pattern in patterns:
        yield from _expand(pattern)


def _expand(name: str) -> Iterator[str]:
    """`C1..C26` stands for C1, C2, ... C26."""
    match = _RANGE.match(name)
    if match is None:
        yield name
        return
    first, last = int(match["first"]), int(match["last"])
    if last < first:
        raise ValueError(f"a range of columns must ascend; got '{name}'")
    width = len(match["first"]) if match["first"].startswith("0") else 0  # C01..C26
    for number in range(first, last + 1):
        yield f"{match['stem']}{str(number).zfill(width)}"
