"""What a click log says of its positions: faults, click rates, examination."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.bias.clusters import clustered, clusters
from pipelines.bias.config import BiasConfig
from pipelines.bias.estimates import Estimates, estimates
from pipelines.bias.foretold import Foretold, foretold
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
    """check: what is wrong with the log. rates: by position. estimates: of examination. foretold:
    how well click models know clicks they were not fitted to; none where items are not declared.
    """

    name: str
    check: LogCheck
    rates: pl.DataFrame
    estimates: Estimates
    foretold: tuple[Foretold, ...]
    config: BiasConfig

    @property
    def propensity(self) -> Propensity:
        """The estimate to use. Raises DataError where there is none."""
        return self.estimates.best(self.config.wanted)

    def document(self) -> dict[str, Any]:
        """All of it as JSON; `used` names the estimate to use."""
        found = self.estimates.found
        used = self.config.wanted or next(iter(found), None)
        return {
            "data": self.name,
            "check": self.check.model_dump(mode="json"),
            "positions": self.rates.to_dicts(),
            "estimates": [
                {"name": name, **one.model_dump(mode="json")} for name, one in found.items()
            ],
            "used": used if used in found else None,
            "refused": dict(self.estimates.refused),
            "foretold": [asdict(one) for one in self.foretold],
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
    models: tuple[Foretold, ...] = ()
    if check.can_debias:
        part = prepare(config, root, report).part("train")
        data = clustered(query_data(part, matrix(part, None)[0]), part, clusters(config))

        def told(name: str) -> None:
            report(f"estimate by {name}", 1, 1)

        found = estimates(bias, log, data, told)
        if bias.item is not None:
            report("ask click models", 0, 1)
            models = foretold(log, bias.depth, bias.seed)
            report("ask click models", 1, 1)
    return BiasReport(config.name, check, rates(log, bias.depth), found, models, bias)


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
