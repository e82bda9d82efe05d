"""Weights: how much more often the new policy would have shown what the log shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, DataError
from ranking.off_policy.rounds import Floats, Rounds, column

_FEWEST = 100.0  # effective units below which a warning is due
_HEAVY = 0.05  # share of all weight in one row above which a warning is due
_SURE, _OFF = 4.0, 0.02  # standard errors from 1, and distance from 1, of a mean weight that is off


@dataclass(frozen=True, eq=False)
class Weights:
    """Importance weights by row, clipped.

    rows: float64 (rows,). before: (rows,) the weight of what was shown above in the round, 1 where
    positions are weighted apart. clipped: share of rows cut. cut: share of all weight cut.
    """

    rounds: Rounds
    rows: Floats
    before: Floats
    clipped: float
    cut: float
    ess: float
    warnings: tuple[str, ...]

    @classmethod
    def item_position(
        cls,
        target: npt.ArrayLike,
        logged: npt.ArrayLike,
        sizes: npt.ArrayLike | None = None,
        *,
        largest: float | None = None,
    ) -> Weights:
        """Each (item, position) by its marginal propensities: Li et al., KDD 2018, item-position.

        target, logged: (rows,) the probability that the new policy, or the logger, shows this item
        at this position, whatever stands above. Rewards may depend on the item and its position
        alone. Without sizes each row is a round: the slot bandit, as in the Open Bandit Dataset.

        Raises:
            DataError: arrays that do not fit, or probabilities that cannot be.
            ConfigError: `largest`, at which weights are cut, is not above 0.
        """
        ratio, rounds = _ratios(target, logged, sizes)
        return cls._clipped(rounds, ratio, np.ones(len(ratio)), largest)

    @classmethod
    def cascade(
        cls,
        target: npt.ArrayLike,
        logged: npt.ArrayLike,
        sizes: npt.ArrayLike | None = None,
        *,
        largest: float | None = None,
    ) -> Weights:
        """Products from the top: McInerney et al., KDD 2020; Kiyohara et al., WSDM 2022.

        target, logged: (rows,) the probability of this item at this position given the items above.
        A reward may depend on the items above, not on those below.

        Raises:
            DataError: arrays that do not fit, or probabilities that cannot be.
            ConfigError: `largest`, at which the products are cut, is not above 0.
        """
        ratio, rounds = _ratios(target, logged, sizes)
        down, above = rounds.products_down(ratio)
        return cls._clipped(rounds, down, above, largest)

    @classmethod
    def _clipped(
        cls, rounds: Rounds, rows: Floats, before: Floats, largest: float | None
    ) -> Weights:
        if largest is not None and not largest > 0:
            raise ConfigError(
                f"The largest weight must be above 0; got {largest}. Give None to cut nothing."
            )
        top = np.inf if largest is None else largest
        kept: Floats = np.minimum(rows, top)
        total = rows.sum()
        share = effective_share(kept)
        ess = share * len(rounds.sizes)
        return cls(
            rounds=rounds,
            rows=kept,
            before=np.minimum(before, top),
            clipped=float((rows > top).mean()),
            cut=float(1 - kept.sum() / total) if total > 0 else 0.0,
            ess=ess,
            warnings=(*_off_support(rounds, rows), *heavy(kept, ess)),
        )


def effective_share(weights: Floats) -> float:
    """Kish's effective sample size as a share of the weights: (sum w)^2 / (n sum w^2)."""
    square = float(weights @ weights) * len(weights)
    return float(weights.sum()) ** 2 / square if square > 0 else 0.0


def heavy(weights: Floats, ess: float) -> tuple[str, ...]:
    """What to beware of where a few weights carry the estimate."""
    found = []
    if ess < _FEWEST:
        found.append(
            f"the effective sample is {ess:.1f}, below {_FEWEST:g}: the log and the new policy "
            "differ too much for its size; clip the weights, or collect more of the log."
        )
    share = weights.max(initial=0) / max(weights.sum(), np.finfo(float).tiny)
    if share > _HEAVY:
        found.append(
            f"one row carries {share:.0%} of all weight (a weight of {weights.max():.4g}): "
            "the estimate hangs on it."
        )
    return tuple(found)


def unsupported(
    target: npt.ArrayLike, logged: npt.ArrayLike, least: float = 1e-3
) -> tuple[float, float]:
    """Shares of what the new policy shows that the logger never shows, and hardly ever shows.

    target, logged: (rounds, actions) the probabilities of every action, not only of those logged;
    hardly ever is a probability above 0 and below `least`.

    Raises:
        DataError: shapes that differ, or a policy that shows nothing.
    """
    wanted, shown = np.asarray(target, np.float64), np.asarray(logged, np.float64)
    if wanted.shape != shown.shape:
        raise DataError(
            "Both policies must give a probability to each action in each round; their shapes are "
            f"{wanted.shape} and {shown.shape}."
        )
    total = wanted.sum()
    if not total > 0:
        raise DataError(f"The new policy must show something; its probabilities add up to {total}.")
    never = wanted[shown <= 0].sum() / total
    hardly = wanted[(shown > 0) & (shown < least)].sum() / total
    return float(never), float(hardly)


def _ratios(
    target: npt.ArrayLike, logged: npt.ArrayLike, sizes: npt.ArrayLike | None
) -> tuple[Floats, Rounds]:
    rows = np.size(target)
    rounds = Rounds.of(rows, sizes)
    wanted, shown = column("target", target, rows), column("logged", logged, rows)
    for name, values, least in (("target", wanted, "0"), ("logged", shown, "above 0")):
        bad = (values < 0) | (values > 1) | ((values <= 0) & (name == "logged"))
        if bad.any():
            raise DataError(
                f"`{name}` must hold probabilities from {least} to 1; "
                f"{np.count_nonzero(bad)} of {rows} are not, the first is "
                f"{values[bad][0]:g}. A row that was shown had a chance to be shown."
            )
    return wanted / shown, rounds


def _off_support(rounds: Rounds, rows: Floats) -> tuple[str, ...]:
    """Unclipped weights average 1 wherever the log supports the new policy."""
    means = rounds.sums(rows) / rounds.sizes
    mean = float(means.mean())
    error = float(means.std() / np.sqrt(len(means)))
    if mean < 1 - max(_SURE * error, _OFF):
        return (
            f"the weights average {mean:.3g} where 1 is expected: about {1 - mean:.0%} of what the "
            "new policy shows the log never or hardly ever shows, and of that it says nothing; "
            "explore more, or read the estimate as a lower bound of a reward that is never "
            "negative.",
        )
    if mean > 1 + max(_SURE * error, _OFF):
        return (
            f"the weights average {mean:.3g} where 1 is expected: the logged propensities, or the "
            "probabilities of the new policy, are wrong; check that both are of the same rows.",
        )
    return ()
