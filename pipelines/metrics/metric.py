"""Metric: a measure as a value, which prints, compares, hashes and parses back to itself."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, ClassVar

from features.errors import ConfigError, DataError
from pipelines.metrics.group_values import GroupValues
from pipelines.metrics.predictions import Predictions

CUTOFF = "cutoff"  # the field written after "@"


@dataclass(frozen=True)
class Metric(ABC):
    """A measure of predictions, written `symbol@cutoff(argument,option=value)`.

    A subclass is a frozen dataclass whose fields are its arguments (`int`, `str` or `None`) and
    whose `__post_init__` refuses, with ConfigError, what it cannot compute. A field is printed
    where it differs from its default; one without a default is always printed.
    """

    symbol: ClassVar[str]
    higher_is_better: ClassVar[bool | None]
    of_probabilities: ClassVar[bool] = False  # or of any scores, by their order
    positional: ClassVar[tuple[str, ...]] = ()

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
                arguments.append(f"{field.name}={value}")
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
    def usage(cls) -> str:
        """How the metric is written, options in brackets: `nDCG[@<cutoff>]([gain=linear])`."""
        cutoff, arguments = "", []
        for field in cls.arguments():
            required = field.name in cls.required()
            if field.name == CUTOFF:
                cutoff = "@<cutoff>" if required else "[@<cutoff>]"
            elif field.name in cls.positional:
                arguments.append(f"<{field.name}>")
            else:
                value = f"<{field.name}>" if required else field.default
                text = f"{field.name}={value}"
                arguments.append(text if required else f"[{text}]")
        return cls.symbol + cutoff + (f"({','.join(arguments)})" if arguments else "")


@dataclass(frozen=True)
class GroupedMetric(Metric, ABC):
    """A measure of each group (user, query) by itself, averaged by the groups' weights."""

    skips: ClassVar[str]

    @abstractmethod
    def per_group(self, data: Predictions) -> GroupValues:
        """The measure of each group, and which groups were skipped."""

    def compute(self, data: Predictions) -> float:
        """sum_g W_g v_g / sum_g W_g over the groups counted; DataError where there are none."""
        found = self.per_group(data)
        if not found.weights[found.counted].sum() > 0:
            raise DataError(
                f"{self} needs a group of positive weight to count; got {found.counted.size} "
                f"groups, {found.skipped} of them skipped ({self.skips}); evaluate on more rows"
            )
        return found.mean()


def require_integer(metric: type[Metric], name: str, value: object) -> None:
    """Refuse, with ConfigError, an argument that is not an integer of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(
            f"The '{name}' of {metric.symbol} must be an integer of at least 1; got {value!r}; "
            f"write {metric.usage()}"
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
