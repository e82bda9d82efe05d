"""IPS, SNIPS, DM and DR: the value of a policy whose probabilities are known.

The value is the mean over rounds of the sum of a round's rewards. A round without rewards counts.
Where positions count differently (DCG's discount, say), multiply the rewards by that first, and
what a model predicts too. Each takes Weights of either form: item-position or cascade.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ranking.off_policy.estimate import Estimate, estimate
from ranking.off_policy.ratios import Ratios
from ranking.off_policy.resampling import Resampling
from ranking.off_policy.rounds import Floats, Rounds, column
from ranking.off_policy.weights import Weights

_PLACES = 50  # positions with a normaliser of their own; those beyond share the last


def ips(
    reward: npt.ArrayLike,
    weights: Weights,
    *,
    cluster: npt.ArrayLike | None = None,
    resampling: Resampling | None = None,
) -> Estimate:
    """Inverse propensity scoring, mean of sum_l w_l r_l: unbiased, of the largest variance.

    reward: (rows,). cluster: (rounds,) ids of what is independent where rounds are not (users).
    """
    rewards = column("reward", reward, len(weights.rows))
    ratios = _mean(weights.rounds.sums(weights.rows * rewards))
    return _weighted("IPS", ratios, weights, cluster, resampling)


def snips(
    reward: npt.ArrayLike,
    weights: Weights,
    *,
    cluster: npt.ArrayLike | None = None,
    resampling: Resampling | None = None,
) -> Estimate:
    """Self-normalised: sum_l (rows at l a round) (sum_i w_il r_il) / (sum_i w_il).

    Each position down to the 50th has a normaliser of its own, over all rounds that have it
    (McInerney et al., KDD 2020, for the cascade; Swaminathan & Joachims, NeurIPS 2015, for one
    position). So a constant added to all rewards adds just that, and a slightly biased value
    varies less.
    """
    rewards = column("reward", reward, len(weights.rows))
    rounds = weights.rounds
    above, below, rows = (
        rounds.by_place(one, _PLACES)
        for one in (weights.rows * rewards, weights.rows, np.ones(len(rewards)))
    )
    ratios = Ratios(above, below, rows.mean(axis=0))
    return _weighted("SNIPS", ratios, weights, cluster, resampling)


def dr(
    reward: npt.ArrayLike,
    weights: Weights,
    predicted: npt.ArrayLike,
    expected: npt.ArrayLike,
    *,
    cluster: npt.ArrayLike | None = None,
    resampling: Resampling | None = None,
) -> Estimate:
    """Doubly robust: mean of sum_l v_l e_l + w_l (r_l - q_l), v the weight of what stands above.

    predicted q: (rows,) a model's reward of the logged item; expected e: (rows,) its mean under the
    new policy, sum_a target(a) q(a). In the cascade form q is that of the row *and all below it*
    (the value to go), and so is e: then v_l e_l carries what w_l q_l takes away.
    Dudík, Langford & Li, ICML 2011; cascade: Kiyohara et al., WSDM 2022 (Cascade-DR).
    The model must not be fitted to the rounds it predicts.
    """
    rows = len(weights.rows)
    rewards, q = column("reward", reward, rows), column("predicted", predicted, rows)
    found = weights.before * column("expected", expected, rows) + weights.rows * (rewards - q)
    return _weighted("DR", _mean(weights.rounds.sums(found)), weights, cluster, resampling)


def dm(
    expected: npt.ArrayLike,
    sizes: npt.ArrayLike | None = None,
    *,
    cluster: npt.ArrayLike | None = None,
    resampling: Resampling | None = None,
) -> Estimate:
    """Direct method: the mean of the sums of what a model expects; as biased as the model is.

    expected: (rows,) its mean reward of each position under the new policy.
    """
    return _plain("DM", "expected", expected, sizes, cluster, resampling)


def on_policy(
    reward: npt.ArrayLike,
    sizes: npt.ArrayLike | None = None,
    *,
    cluster: npt.ArrayLike | None = None,
    resampling: Resampling | None = None,
) -> Estimate:
    """What the logging policy itself earned: the reference of every other estimate."""
    return _plain("on-policy", "reward", reward, sizes, cluster, resampling)


def _mean(values: Floats) -> Ratios:
    return Ratios(values[:, None], np.ones((len(values), 1)), np.ones(1))


def _weighted(
    name: str,
    ratios: Ratios,
    weights: Weights,
    cluster: npt.ArrayLike | None,
    resampling: Resampling | None,
) -> Estimate:
    warnings = weights.warnings
    if weights.clipped:
        warnings += (
            f"clipping cut {weights.clipped:.2%} of the weights and with them {weights.cut:.1%} "
            "of their sum: what the new policy shows there counts for less than it should.",
        )
    return estimate(
        name,
        ratios.clustered(cluster),
        resampling or Resampling(),
        unit="rounds" if cluster is None else "clusters of rounds",
        ess=weights.ess,
        ess_of="rounds",
        clipped=weights.clipped,
        warnings=warnings,
    )


def _plain(
    name: str,
    of: str,
    values: npt.ArrayLike,
    sizes: npt.ArrayLike | None,
    cluster: npt.ArrayLike | None,
    resampling: Resampling | None,
) -> Estimate:
    rounds = Rounds.of(np.size(values), sizes)
    return estimate(
        name,
        _mean(rounds.sums(column(of, values, np.size(values)))).clustered(cluster),
        resampling or Resampling(),
        unit="rounds" if cluster is None else "clusters of rounds",
        ess=float(len(rounds.sizes)),
        ess_of="rounds",
    )
