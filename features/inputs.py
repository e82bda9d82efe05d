"""What a network takes, by name: the same in training and in the server.

A table gives `(batch, width, dim)`, the id fields that read it and then its sequences, each
pooled; a `whole` table gives `(batch, id fields, dim)`, and each sequence as it is.
"""

from __future__ import annotations

NUMERIC = "numeric"  # float32 (batch, numbers)


def elements(table: str, sequence: int) -> str:
    """Of a whole table's sequence, by its place among the table's: float32 (batch, length, dim),
    zeros where there is none."""
    return f"{table}_{sequence}"


def mask(sequence: int) -> str:
    """Of a sequence, by its place in the layout: float32 (batch, length), 1 where there is an
    element, 0 elsewhere."""
    return f"mask_{sequence}"
