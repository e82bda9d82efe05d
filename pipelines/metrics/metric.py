"""Metric: a measure as a value, which prints, compares, hashes and parses back to itself."""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, ClassVar

import numpy as np

from features.errors import ConfigError, DataError
from pipelines.metrics.group_values import GroupValues
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranked_groups import Floats
from pipelines.metrics.terms import Terms

CUTOFF = "cutoff"  # the field written after "@"

_COLUMN = re.compile(r"[^\W\d][\w.\-]*")


@dataclass(frozen=True)
class Metric(ABC):
    """A measure of predictions, written `symbol@cutoff(argument,option=value)`.

    A subclass is a frozen dataclass whose fields are its arguments (`int`, `float`, `str` or
    `None`) and whose `__post_init__` refuses, with ConfigError, what it cannot compute. A field is
    printed where it differs from its default; one without a default is always printed.
    A field that would be a keyword of Python ends in "_", which is not written.
    """

    symbol: ClassVar[str]
    higher_is_better: ClassVar[bool | None]
    of_probabilities: ClassVar[bool] = False  # or of any scores, by their order
    positional: ClassVar[tuple[str, ...]] = ()
    bounds: ClassVar[tuple[float, float]] = (-math.inf, math.inf)  # of its values
    resampled: ClassVar[bool] = True  # whether its value over rows drawn again is one like it

    @abstractmethod
    def compute(self, data: Predictions) -> float:
        """The measure over all rows; DataError where it is not defined for them."""

    @property
    def needs_groups(self) -> tuple[str, ...]:
        """Names of the group columns that the predictions must hold."""
        return ()

    @property
    def name(self) -> str:
        """The full printed form, the key of a result."""
        return str(self)

    def __str__(self) -> str:
        cutoff, arguments = "", []
        for field in self.arguments():
            value = getattr(self, field.name)
            if value == field.default:
                continue
            if field.name == CUTOFF:
                cutoff = f"@{value}"
            elif field.name in self.positional:
                arguments.append(str(value))
            else:
                arguments.append(f"{written(field)}={value}")
        return self.symbol + cutoff + (f"({','.join(arguments)})" if arguments else "")

    @classmethod
    def arguments(cls) -> tuple[Field[Any], ...]:
        """The fields in the order of printing: inherited, keyword-only ones last."""
        return tuple(sorted(fields(cls), key=lambda field: bool(field.kw_only)))

    @classmethod
    def required(cls) -> set[str]:
        """Names of the fields without a default."""
        return {field.name for field in fields(cls) if field.default is MISSING}

    @classmethod
    def choices(cls, field: Field[Any]) -> tuple[str, ...]:
        """What an argument may be, where that is a list."""
        return tuple(field.metadata.get("choices", ()))

    @classmethod
    def usage(cls) -> str:
        """How the metric is written, options in brackets: `nDCG[@<cutoff>]([gain=linear|exp2])`."""
        cutoff, arguments = "", []
        for field in cls.arguments():
            required = field.name in cls.required()
            if field.name == CUTOFF:
                cutoff = "@<cutoff>" if required else "[@<cutoff>]"
            elif field.name in cls.positional:
                arguments.append(f"<{field.name}>")
            else:
                value = "|".join(cls.choices(field)) or field.default
                text = f"{written(field)}={f'<{field.name}>' if required else value}"
                arguments.append(text if required else f"[{text}]")
        return cls.symbol + cutoff + (f"({','.join(arguments)})" if arguments else "")


@dataclass(frozen=True)
class AdditiveMetric(Metric, ABC):
    """A measure that knows no more of the rows than sums over them, or over their groups.

    So parts of a log are measured apart and added up, and a resample of it is a weighted sum.
    """

    @abstractmethod
    def terms(self, data: Predictions) -> Terms:
        """What each row or group adds; DataError where the measure is not defined for one."""

    @abstractmethod
    def of_sums(self, sums: Floats) -> Floats:
        """The measure float64 (...) of sums (..., terms); NaN where it is not defined for them."""

    @abstractmethod
    def refusal(self, units: int) -> str:
        """Why the measure is not defined for the sums of so many rows or groups."""

    def compute(self, data: Predictions) -> float:
        """The measure over all rows; DataError where it is not defined for them."""
        terms = self.terms(data)
        return self.of(terms.sums, len(terms.values))

    def of(self, sums: Floats, units: int) -> float:
        """The measure of the sums (terms,) of so many rows or groups; DataError where undefined."""
        value = float(self.of_sums(sums))
        if np.isnan(value):
            raise DataError(self.refusal(units))
        return value


@dataclass(frozen=True)
class GroupedMetric(AdditiveMetric, ABC):
    """A measure of each group (user, query) by itself, averaged by the groups' weights.

    sum_g W_g v_g / sum_g W_g over the groups counted.
    """

    skips: ClassVar[str]

    @abstractmethod
    def per_group(self, data: Predictions) -> GroupValues:
        """The measure of each group, and which groups were skipped."""

    def terms(self, data: Predictions) -> Terms:
        """(groups, 2): W_g v_g and W_g, both 0 for a group that is skipped."""
        return self.terms_of(self.per_group(data))

    def terms_of(self, found: GroupValues) -> Terms:
        """The terms of the groups' values."""
        weights = np.where(found.counted, found.weights, 0.0)
        values = np.where(found.counted, found.values, 0.0)
        return Terms(np.stack([weights * values, weights], axis=1), found.keys)

    def of_sums(self, sums: Floats) -> Floats:
        """The mean over the groups counted."""
        return ratio(sums[..., 0], sums[..., 1])

    def refusal(self, units: int) -> str:
        """No group of positive weight counts."""
        return (
            f"{self} needs a group of positive weight to count; got {units} groups, "
            f"{units} of them skipped ({self.skips}) or of weight 0; evaluate on more rows"
        )


def written(field: Field[Any]) -> str:
    """The name of an argument in the printed form."""
    return field.name.removesuffix("_")


def ratio(above: Floats, below: Floats) -> Floats:
    """above / below, NaN where `below` is not positive."""
    found = np.full(np.broadcast_shapes(above.shape, below.shape), np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found


def require_integer(metric: type[Metric], name: str, value: object) -> None:
    """Refuse, with ConfigError, an argument that is not an integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(
            f"The '{name}' of {metric.symbol} must be an integer of at least 1; got {value!r}; "
            f"write {metric.usage()}"
        )


def require_column(metric: type[Metric], name: str, value: object) -> None:
    """Refuse, with ConfigError, an argument that cannot be the name of a column."""
    if not isinstance(value, str) or not _COLUMN.fullmatch(value):
        raise ConfigError(
            f"The '{name}' of {metric.symbol} must be a column name of letters, digits, '_', '.' "
            f"and '-' that starts with a letter or '_'; got {value!r}; write {metric.usage()}"
        )


def require_choice(
    metric: type[Metric], name: str, value: object, choices: Iterable[object]
) -> None:
    """Refuse, with ConfigError, an argument that is not one of its choices."""
    known = tuple(choices)
    if value not in known:
        raise ConfigError(
            f"The '{name}' of {metric.symbol} must be one of {', '.join(map(str, known))}; "
            f"got {value!r}; write {metric.usage()}"
        )
