"""All declared checks: applied to a frame of a log, or to the rows of a request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import polars as pl
from pydantic import BaseModel, ConfigDict, model_validator

from features.checks.check import Check, Rule
from features.checks.plan import Plan
from features.checks.violations import Missing, Violation, Violations, example
from features.columns import named
from features.errors import SchemaError
from features.suggest import listing, nearest


@dataclass(frozen=True)
class _Found:
    """What a check's plan gave for a frame: values, and Boolean columns of what broke a rule."""

    check: Check
    values: pl.Series
    broken: dict[Rule, pl.Series]
    missing: pl.Series | None


class Checks(BaseModel):
    """Checks, at most one a column; `columns` in a declaration stands for many.

    The same checks read a log in batch and a request in the server: what is done to a row depends
    on that row and the columns' types alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checks: tuple[Check, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _expand_columns(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and isinstance(data.get("checks"), list | tuple):
            expanded: list[Any] = []
            for check in data["checks"]:
                expanded += _declarations(check) if isinstance(check, Mapping) else [check]
            return {**data, "checks": expanded}
        return data

    @model_validator(mode="after")
    def _once(self) -> Self:
        counts = Counter(self.columns)
        if twice := [column for column, count in counts.items() if count > 1]:
            raise ValueError(
                f"a column must be checked once; {listing(twice)} came twice: put all that "
                "holds into one check"
            )
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(check.column for check in self.checks)

    def of(self, columns: Iterable[str]) -> Checks:
        """The checks of these columns alone: a request has no label, for one."""
        kept = frozenset(columns)
        return Checks(checks=tuple(check for check in self.checks if check.column in kept))

    def apply(
        self, frame: pl.DataFrame, *, strict: bool = False
    ) -> tuple[pl.DataFrame, Violations]:
        """The frame with values made null or clipped, and what was found.

        A column with a `kind` number, integer or boolean comes back of that type. Where a `fail`
        check was violated the frame is not for use: `Violations.require` raises; with `strict`,
        this does, at once.

        Raises:
            SchemaError: a checked column is absent, or of a type that a check cannot read.
            DataError: a `fail` check was violated, and `strict`.
        """
        if not self.checks:
            return frame, Violations(rows=frame.height)
        found = list(self._look(frame))
        violations = Violations.of(
            frame.height,
            (one for each in found for one in _violations(each, frame)),
            (_missing(each) for each in found if each.missing is not None),
        )
        if strict:
            violations.require_values()
        return frame.with_columns(each.values for each in found), violations

    def first_failure(self, frame: pl.DataFrame) -> tuple[str, int, str] | None:
        """Column, row and message of the first row that a `fail` check refuses.

        Raises SchemaError as `apply` does.
        """
        failures = [
            (row, each.check, rule)
            for each in self._look(frame)
            if each.check.on_violation == "fail"
            for rule, broken in each.broken.items()
            if (row := broken.index_of(True)) is not None
        ]
        if not failures:
            return None
        row, check, rule = min(failures, key=lambda failure: failure[0])
        held = example(frame[check.column], row)
        message = f"Column '{check.column}' must {check.must(rule)}; row {row} holds {held}."
        return check.column, row, message

    def _look(self, frame: pl.DataFrame) -> Iterator[_Found]:
        plans = self._plans(frame.schema)
        expressions = [one for plan in plans for one in plan.expressions]
        numbered = (one.alias(str(i)) for i, one in enumerate(expressions))
        try:
            series = iter(frame.select(numbered).get_columns())
        except pl.exceptions.PolarsError as error:
            raise SchemaError(f"The rows could not be checked: {error}") from error
        for check, plan in zip(self.checks, plans, strict=True):
            yield _Found(
                check,
                next(series).alias(check.column),
                {rule: next(series) for rule in plan.broken},
                None if plan.missing is None else next(series),
            )

    def _plans(self, dtypes: Mapping[str, pl.DataType]) -> list[Plan]:
        """One plan a check, for frames with these dtypes; built once per dtypes."""
        for column in self.columns:
            if column not in dtypes:
                raise SchemaError(
                    f"Column '{column}' (a check) must be in the data; it holds "
                    f"{listing(dtypes)}.{nearest(column, dtypes)}"
                )
        signature = tuple(dtypes[column] for column in self.columns)
        known = self._known.get(signature)
        if known is None:
            known = [Plan.of(check, dtypes[check.column]) for check in self.checks]
            if len(self._known) < 64:  # a client could send endless dtype combinations
                self._known[signature] = known
        return known

    @cached_property
    def _known(self) -> dict[tuple[pl.DataType, ...], list[Plan]]:
        return {}


def _declarations(declared: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One declaration a column, from one that may name many `columns`."""
    if "columns" not in declared:
        yield dict(declared)
        return
    if "column" in declared:
        raise ValueError("a check names either `column` or `columns`; got both")
    common = {key: value for key, value in declared.items() if key != "columns"}
    for column in named(declared["columns"]):
        yield common | {"column": column}


def _violations(found: _Found, frame: pl.DataFrame) -> Iterator[Violation]:
    check = found.check
    for rule, broken in found.broken.items():
        row = broken.index_of(True)
        if row is not None:
            yield Violation(
                column=check.column,
                rule=rule,
                must=check.must(rule),
                count=int(broken.sum()),
                example=example(frame[check.column], row),
                fails=check.on_violation == "fail",
            )


def _missing(found: _Found) -> Missing:
    assert found.missing is not None
    assert found.check.max_null_rate is not None
    return Missing(
        column=found.check.column, count=int(found.missing.sum()), limit=found.check.max_null_rate
    )
