"""Counterfactual ranking metrics: what an order of logged rows would be worth, from their clicks.

Conventions
- The rows of a query stand in the order in which they were shown.
- Relevance of a row is estimated as click / propensity, cut at the log's largest weight; the
  propensity is the examination of its position. It is unbiased where a click is relevance times
  examination (the position-based model), both are right, and nothing is cut (Joachims et al., WSDM
  2017).
- DR is r + (click - examination r) / propensity, r a model's relevance (Oosterhuis, TOIS 2023).
  Where each row has one position, r fills in just what was cut, and without cuts DR **is** IPS;
  where the logger draws its order and the log knows the mean propensities it varies less.
- A new rank is worth what RankMetric says; ties of scores share their ranks' worth.
- IPS is the mean over **all** queries, those without clicks counted as 0: metric per query.
- SNIPS divides by the same sum of click / propensity instead: the mean worth of the rank of **a
  relevant row**, from 0 to 1. Queries without clicks have no part in it, but for the interval. A
  factor common to all examinations cancels.
- mrr sums over all clicked rows of a query, not over its first alone.
- ndcg divides each query's sum by that of the best order of its weighted clicks, and counts the
  query by its sum of click / propensity. Exact where a query has one relevant row; else it is
  biased, since the best order is not known from clicks.
- Query weights multiply a query's part above and below.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from ranking.off_policy.estimate import Estimate, estimate
from ranking.off_policy.rank_metric import RankMetric
from ranking.off_policy.ratios import Ratios
from ranking.off_policy.resampling import Resampling
from ranking.off_policy.rounds import Floats, Rounds, column
from ranking.off_policy.weighed_clicks import WeighedClicks
from ranking.off_policy.weights import effective_share, heavy

Method = Literal["ips", "snips", "dr", "dm"]

_UNSEEN = 0.2  # share of worth given to rows hardly examined above which a warning is due
_HARDLY = 0.05  # examination, against that of the first position, that is hardly any


def evaluate(
    log: WeighedClicks,
    scores: npt.ArrayLike,
    metric: str = "dcg@10",
    method: Method = "snips",
    *,
    relevance: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
    resampling: Resampling | None = None,
) -> Estimate:
    """Estimate the metric of the logged rows in the order of scores (rows,), high to low.

    relevance: (rows,) a model's P(relevant), for `dr` and `dm`; fit it on other queries. cluster:
    (queries,) ids of what is independent where queries are not (users, texts that recur).

    Raises:
        ConfigError: an unknown metric or method, or one that needs what was not given.
        DataError: scores, relevance or clusters that do not fit the log.
    """
    wanted = RankMetric.parse(metric)
    _check(wanted, method, relevance)
    worth = wanted.of_rows(column("scores", scores, len(log.click)), log.rounds)
    gain = _gain(log, method, relevance)
    above, total = log.rounds.sums(gain * worth), log.rounds.sums(gain)
    if wanted.normalised:
        above = above * Ratios.shares(total, _best(wanted, gain, log))
    below = total if method == "snips" else np.ones(len(above))
    ratios = Ratios((above * log.weight)[:, None], (below * log.weight)[:, None], np.ones(1))
    weights = log.click_weights
    ess = effective_share(weights) * len(weights)
    clicks = method != "dm"
    return estimate(
        f"{method.upper()} {wanted}",
        ratios.clustered(cluster),
        resampling or Resampling(),
        unit="queries" if cluster is None else "clusters of queries",
        ess=ess if clicks else float(len(above)),
        ess_of="clicks" if clicks else "queries",
        clipped=_cut(log) if clicks else 0.0,
        warnings=_warnings(log, wanted, worth, ess) if clicks else (),
    )


def production(
    log: WeighedClicks,
    metric: str = "dcg@10",
    method: Method = "snips",
    *,
    relevance: npt.ArrayLike | None = None,
    cluster: npt.ArrayLike | None = None,
    resampling: Resampling | None = None,
) -> Estimate:
    """The same metric of the order that was shown: the reference of every ranker."""
    return evaluate(
        log, -log.rounds.place, metric, method,
        relevance=relevance, cluster=cluster, resampling=resampling,
    )  # fmt: skip


def _check(metric: RankMetric, method: str, relevance: npt.ArrayLike | None) -> None:
    if method not in get_args(Method):
        raise ConfigError(
            f"The method must be one of {', '.join(get_args(Method))}; got '{method}'."
        )
    if method in ("dr", "dm") and relevance is None:
        raise ConfigError(
            f"`{method}` needs `relevance`, a model's probability that each row is relevant; got "
            "none. Give it, or choose ips or snips."
        )
    if method in ("dr", "dm") and metric.normalised:
        raise ConfigError(
            f"`{method}` needs a metric that adds up over relevant rows; '{metric}' divides by the "
            "best order of the clicks. Choose dcg, mrr or hits."
        )


def _gain(log: WeighedClicks, method: Method, relevance: npt.ArrayLike | None) -> Floats:
    """(rows,) the relevance that the method gives to each row."""
    if relevance is None or method in ("ips", "snips"):
        return log.gain
    model = column("relevance", relevance, len(log.click))
    return model if method == "dm" else model + (log.click - log.examined * model) * log.inverse


def _best(metric: RankMetric, gain: Floats, log: WeighedClicks) -> Floats:
    """(queries,) the sum of gains in their best order; 0 where there is no click."""
    clicked = np.flatnonzero(log.clicked)
    best = np.zeros(len(log.rounds.sizes))
    if len(clicked):
        query, many = np.unique(log.rounds.of_row[clicked], return_counts=True)
        some = Rounds(many)
        best[query] = some.sums(metric.of_rows(gain[clicked], some) * gain[clicked])
    return best


def _cut(log: WeighedClicks) -> float:
    """The share of clicks whose weight was cut."""
    cut = (1 / log.propensity > log.largest)[log.clicked]
    return float(cut.mean()) if len(cut) else 0.0


def _warnings(log: WeighedClicks, metric: RankMetric, worth: Floats, ess: float) -> tuple[str, ...]:
    weights = log.click_weights
    found = ["the log has no clicks: nothing is known."]
    if len(weights):
        found = list(heavy(weights, ess))
    cut = _cut(log)
    if cut:
        lost = 1 - log.inverse[log.clicked].sum() / (log.clicked / log.propensity).sum()
        found.append(
            f"the weights of {cut:.1%} of the clicks were cut at {log.largest:g}, and with them "
            f"{lost:.1%} of the sum: rows that were shown low count for less than they are worth."
        )
    hardly = log.propensity < _HARDLY * log.propensity.max()
    before = metric.worth(int(log.rounds.sizes.max()))[log.rounds.place]
    # The first rank is worth something in every metric, so the sum is above 0.
    lifted = float((worth - before)[hardly].sum()) / float(worth.sum())
    if lifted > _UNSEEN:
        found.append(
            f"{lifted:.0%} of what the new order can earn moves to rows that were shown where "
            f"hardly anyone looks (below {_HARDLY:.0%} of the first position): their few clicks "
            "decide."
        )
    return tuple(found)
