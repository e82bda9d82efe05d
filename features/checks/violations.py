"""What checks found: mergeable counts, written as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, NonNegativeInt

from features.checks.check import Rule
from features.errors import DataError
from features.statistics import Statistic
from features.suggest import listing


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Violation(_Frozen):
    """How many values of a column broke a rule, and the first that did.

    must: what the rule demands. fails: whether the check stops the run for it.
    """

    column: str
    rule: Rule
    must: str
    count: NonNegativeInt
    example: str
    fails: bool

    @property
    def key(self) -> tuple[str, str]:
        return self.column, self.rule


class Missing(_Frozen):
    """How many values of a column are missing, and the share of all rows that may be."""

    column: str
    count: NonNegativeInt
    limit: float


class Violations(_Frozen, Statistic):
    """What checks found in `rows` rows; only what was violated is listed, by column and rule."""

    rows: NonNegativeInt
    found: tuple[Violation, ...] = ()
    missing: tuple[Missing, ...] = ()

    @classmethod
    def of(cls, rows: int, found: Iterable[Violation], missing: Iterable[Missing]) -> Violations:
        return cls(
            rows=rows,
            found=tuple(sorted(found, key=lambda one: one.key)),
            missing=tuple(sorted(missing, key=lambda one: one.column)),
        )

    @property
    def failed(self) -> tuple[Violation, ...]:
        """Violations of `fail` checks."""
        return tuple(one for one in self.found if one.fails)

    def merge(self, other: Violations) -> Violations:
        """Counts add up; the example is the first's."""
        found = {one.key: one for one in self.found}
        for one in other.found:
            found[one.key] = _added(found.get(one.key), one)
        missing = {one.column: one for one in self.missing}
        for lack in other.missing:
            missing[lack.column] = _added(missing.get(lack.column), lack)
        return Violations.of(self.rows + other.rows, found.values(), missing.values())

    def require(self) -> None:
        """Raise DataError where a `fail` check was violated or too many values are missing."""
        self.require_values()
        for one in self.missing:
            if one.count > one.limit * self.rows:
                raise DataError(
                    f"Column '{one.column}' must be missing in at most {100 * one.limit:.3g}% of "
                    f"all rows; it is in {self._share(one.count)}, values that checks made missing "
                    "included. Mend the data, or raise max_null_rate."
                )

    def require_values(self) -> None:
        """As `require`, but missing values are let pass: their share is of the whole data."""
        if not self.failed:
            return
        first, *others = self.failed
        clip = ' or "clip"' if first.rule in ("min", "max") else ""
        more = f" Also failed: {listing(f'{one.column} ({one.rule})' for one in others)}."
        raise DataError(
            f"Column '{first.column}' must {first.must}; {self._share(first.count)} break that, "
            f'the first holds {first.example}. Mend the data, or set on_violation = "null"{clip} '
            f"in the column's check.{more if others else ''}"
        )

    def _share(self, count: int) -> str:
        return f"{count} of {self.rows} rows ({100 * count / self.rows:.3g}%)"


def _added(known: Any, one: Any) -> Any:
    return one if known is None else known.model_copy(update={"count": known.count + one.count})


def example(values: pl.Series, row: int, most: int = 60) -> str:
    """One value on one line, cut after `most` characters."""
    value = values[row]
    if isinstance(value, pl.Series):
        value = value.head(most).to_list()
    if isinstance(value, str):
        return repr(value if len(value) <= most else f"{value[:most]}...")
    text = str(value)
    return text if len(text) <= most else f"{text[:most]}..."
