"""What a column was taken for, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LEFT_OUT = "left out"


@dataclass(frozen=True)
class Finding:
    """A guess about one column.

    taken: a role, a feature's type, or `LEFT_OUT`. why: a clause, the same for like columns.
    figures: what was measured. declaration: of a feature, without its column.
    """

    column: str
    taken: str
    why: str
    figures: str = ""
    declaration: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        name = self.column if self.column.strip() and self.column.isprintable() else None
        measured = f" ({self.figures})" if self.figures else ""
        return f"{name or repr(self.column)}: guessed {self.taken} because {self.why}{measured}"
