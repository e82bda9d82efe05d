"""What weighs the clicks of a log: an estimate of examination, or what its rows say themselves."""

from __future__ import annotations

import numpy as np

from features.errors import ConfigError, DataError
from pipelines.bias.config import BiasConfig
from pipelines.bias.estimates import estimated
from pipelines.bias.log import click_log
from pipelines.config import Config
from pipelines.prepare import Report
from ranking.debiasing import Known
from ranking.propensity.propensity import Propensity
from ranking.query_data import QueryData


def known(config: Config, data: QueryData, report: Report) -> tuple[Known, Propensity | None]:
    """By `bias.estimator`, of the training parts; `data` are their rows. No estimate is made where
    rows bring a propensity of their own.

    Raises:
        ConfigError: no propensity is declared.
        DataError: examination cannot be estimated, or no row was shown by chance.
    """
    bias = config.bias or BiasConfig()
    if bias.estimator == "logged":
        _require(config.data.propensity, data)
        return Known(bias.depth, minimum=bias.minimum, logged=True), None
    log = click_log(config, {"train", "ranker"}, report)
    report("estimate examination", 0, 1)
    found = estimated(bias, log, data)
    report("estimate examination", 1, 1)
    beta = None if found.trust is None else np.array(found.trust.beta)
    return Known(found.depth, np.array(found.examination), bias.minimum, beta), found


def _require(column: str | None, data: QueryData) -> None:
    if data.propensity is None:
        raise ConfigError(
            "bias.estimator = 'logged' weighs clicks by data.propensity, which is not declared. "
            "Declare it, or choose another estimator."
        )
    if (data.propensity == 1).all():
        raise DataError(
            f"Rows must have been shown by chance to be weighed by how likely that was; column "
            f"'{column}' is 1 in every row. Explore (see [rerank]), or choose another estimator."
        )
