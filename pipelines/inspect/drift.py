"""How one log differs from another, or from what an encoder knows, column by column."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from features.errors import ConfigError
from features.suggest import listing, nearest
from pipelines.inspect.column import Kind
from pipelines.inspect.distance import Distance
from pipelines.inspect.parts import Part


@dataclass(frozen=True)
class Thresholds:
    """What is beyond is drift."""

    psi: float = 0.2
    ks: float = 0.1
    unseen: float = 0.1

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not value >= 0:
                raise ConfigError(f"The threshold {name} must be a number from 0; got {value}.")


@dataclass(frozen=True)
class ColumnDrift:
    """What was measured of a column or a feature, and what of it is `beyond`, in words.

    missing: shares of A and B. unseen: share of B's values that A, or the vocabulary, does not
    have; up to `unseen_error` of the new ones were taken for known. exempt: why nothing of the
    values is beyond.
    """

    column: str
    kind: Kind
    beyond: tuple[str, ...] = ()
    exempt: str | None = None
    psi: float | None = None
    ks: Distance | None = None
    missing: tuple[float | None, float | None] = (None, None)
    unseen: float | None = None
    unseen_error: float = 0.0
    parts: tuple[Part, ...] = ()

    def judged(self, thresholds: Thresholds) -> ColumnDrift:
        """With what lies beyond the thresholds, unless exempt."""
        if self.exempt is not None:
            return self
        found = [
            f"{name} {value:.3g} > {most:g}"
            for name, value, most in (
                ("PSI", self.psi, thresholds.psi),
                ("KS", None if self.ks is None else self.ks.value, thresholds.ks),
                ("new values", self.unseen, thresholds.unseen),
            )
            if value is not None and value > most
        ]
        return replace(self, beyond=(*self.beyond, *found))


@dataclass(frozen=True)
class Drift:
    """Rows of A (None: an encoder) and B, and one entry a column."""

    rows: tuple[int | None, int]
    columns: tuple[ColumnDrift, ...]

    @property
    def beyond(self) -> list[str]:
        return [one.column for one in self.columns if one.beyond]


def check_ignored(ignored: Iterable[str], known: Iterable[str]) -> None:
    """Raises ConfigError where a column to ignore is not there anyway."""
    known = list(known)
    for name in ignored:
        if name not in known:
            raise ConfigError(
                f"A column to ignore must be among those compared; '{name}' is not, they are "
                f"{listing(known)}.{nearest(name, known)}"
            )


def document(drift: Drift, thresholds: Thresholds, a: str, b: str) -> dict[str, Any]:
    """Everything that was measured, as JSON."""
    return {
        "a": a,
        "b": b,
        "rows": {"a": drift.rows[0], "b": drift.rows[1]},
        "thresholds": {
            name: value if math.isfinite(value) else None
            for name, value in asdict(thresholds).items()
        },
        "beyond": drift.beyond,
        "columns": [asdict(one) for one in drift.columns],
    }
