"""Examination by every estimator that a log allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

import polars as pl

from features.errors import CrossrankError, DataError
from pipelines.bias.config import BiasConfig, Estimator
from pipelines.bias.estimators import METHODS
from ranking.propensity.propensity import Propensity
from ranking.query_data import QueryData

ORDER: tuple[Estimator, ...] = get_args(Estimator)


@dataclass(frozen=True)
class Estimates:
    """What each estimator says, in order of preference, or why it says nothing."""

    found: Mapping[Estimator, Propensity]
    refused: Mapping[Estimator, str]

    def best(self, wanted: Estimator | None) -> Propensity:
        """The one that was asked for, or the first. Raises DataError where there is none."""
        name = wanted or next(iter(self.found), None)
        if name is not None and name in self.found:
            return self.found[name]
        why = " ".join(f"{one}: {text}" for one, text in self.refused.items())
        raise DataError(f"Examination could not be estimated. {why}")


def estimates(
    config: BiasConfig, log: pl.DataFrame, data: QueryData | None, report: Callable[[str], None]
) -> Estimates:
    """By traffic that was randomised or swapped, by items that moved, and, of `data`, by features.

    log: as `click_log` gives it. data: the training rows with their features.
    """
    found: dict[Estimator, Propensity] = {}
    refused: dict[Estimator, str] = {}
    for name in ORDER:
        report(name)
        try:
            found[name] = METHODS[name](config, log, data)
        except CrossrankError as error:
            refused[name] = str(error)
    return Estimates(found, refused)


def estimated(config: BiasConfig, log: pl.DataFrame, data: QueryData | None) -> Propensity:
    """By the declared estimator, or the first that the log allows. Raises DataError: by none."""
    refused: dict[Estimator, str] = {}
    for name in ORDER if config.wanted is None else (config.wanted,):
        try:
            return METHODS[name](config, log, data)
        except CrossrankError as error:
            refused[name] = str(error)
    return Estimates({}, refused).best(None)
