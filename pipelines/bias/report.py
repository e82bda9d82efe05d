"""What a click log says of its positions: faults, click rates, examination."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.bias.config import BiasConfig
from pipelines.bias.estimates import Estimates, estimates
from pipelines.bias.log import CLICK, POSITION, click_log
from pipelines.config import Config
from pipelines.inspect.tally import Tally
from pipelines.prepare import Report, prepare
from pipelines.scoring import matrix, query_data
from ranking.log_check import LogCheck, check_log
from ranking.propensity.propensity import Propensity

_TRAINING = ("train", "ranker")


@dataclass(frozen=True)
class BiasReport:
    """check: what is wrong with the log. rates: by position. estimates: of examination."""

    name: str
    check: LogCheck
    rates: pl.DataFrame
    estimates: Estimates
    config: BiasConfig

    @property
    def propensity(self) -> Propensity:
        """The estimate to use. Raises DataError where there is none."""
        return self.estimates.best(self.config.estimator)

    def document(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "data": self.name,
            "check": self.check.model_dump(mode="json"),
            "positions": self.rates.to_dicts(),
            "estimates": [one.model_dump(mode="json") for one in self.estimates.found.values()],
            "refused": dict(self.estimates.refused),
        }


def bias_report(config: Config, root: Path, report: Report) -> BiasReport:
    """Of the training parts; the data is prepared in `root` if it is not yet.

    Raises:
        ConfigError: no query or position is declared.
        DataError: the rows cannot be read as clicks.
    """
    bias = config.bias or BiasConfig()
    log = click_log(config, _TRAINING, report)
    check = check_log(log, depth=bias.depth)
    found = Estimates({}, {})
    if check.can_debias:
        part = prepare(config, root, report).part("train")
        data = query_data(part, matrix(part, None)[0])

        def told(name: str) -> None:
            report(f"estimate by {name}", 1, 1)

        found = estimates(bias, log, data, told)
    return BiasReport(config.name, check, rates(log, bias.depth), found, bias)


def rates(log: pl.DataFrame, depth: int) -> pl.DataFrame:
    """Columns position, rows, clicks, rate, low, high: the rate with its 95% interval."""
    by = (
        log.filter(pl.col(POSITION) < depth)
        .group_by(POSITION)
        .agg(rows=pl.len(), clicks=pl.col(CLICK).cast(pl.Int64).sum())
        .sort(POSITION)
    )
    tallies = [Tally(rows, rows, clicks) for rows, clicks in by.select("rows", "clicks").rows()]
    ends = [one.interval for one in tallies]
    return by.with_columns(
        pl.Series("rate", [one.rate for one in tallies], pl.Float64),
        pl.Series("low", [one and one[0] for one in ends], pl.Float64),
        pl.Series("high", [one and one[1] for one in ends], pl.Float64),
    )
