"""WeighedClicks: clicks on shown lists with how likely each position was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError, DataError
from ranking.off_policy.rounds import Floats, Rounds, column


@dataclass(frozen=True, eq=False)
class WeighedClicks:
    """Logged rows whose clicks are weighted by 1 / propensity, cut at `largest`.

    click, examined, propensity: float64 (rows,); examined is of where the row was shown, propensity
    its mean over where the logger may show it. offset: float64 (rows,), clicks that relevance
    does not explain. weight: float64 (queries,).
    """

    rounds: Rounds
    click: Floats
    examined: Floats
    propensity: Floats
    offset: Floats
    weight: Floats
    largest: float

    @classmethod
    def of(
        cls,
        sizes: npt.ArrayLike,
        position: npt.ArrayLike,
        click: npt.ArrayLike,
        examination: npt.ArrayLike,
        *,
        propensity: npt.ArrayLike | None = None,
        offset: npt.ArrayLike | None = None,
        weight: npt.ArrayLike | None = None,
        largest: float = 100.0,
    ) -> WeighedClicks:
        """Check and hold the arrays.

        sizes: (queries,). position: (rows,) from 0 at the top. click: (rows,) 0 or 1. examination:
        (depth,) by position, relative or not; positions beyond take the last. propensity: (rows,)
        the examination that a logger which draws its order gives the row on average (policy-aware:
        Oosterhuis & de Rijke, SIGIR 2020); by default that of its position.
        offset: (depth,) the beta of trust bias, examination being its alpha: a row is worth
        (click - beta) / alpha (Vardasbi et al., CIKM 2020). weight: (queries,).

        Raises:
            DataError: arrays that do not fit, or values that cannot be.
            ConfigError: `largest` is not above 0.
        """
        rows = np.size(click)
        rounds, clicks = Rounds.of(rows, sizes), column("click", click, rows)
        _require("click", (clicks == 0) | (clicks == 1), "0 or 1", clicks)
        places = _places(position, rounds)
        examined = _examined(places, examination)
        mean = examined if propensity is None else column("propensity", propensity, rows)
        _require("propensity", mean > 0, "above 0", mean)
        queries = len(rounds.sizes)
        counts = np.ones(queries) if weight is None else column("weight", weight, queries)
        _require("weight", counts >= 0, "0 or more", counts)
        if counts.sum() == 0:
            raise DataError("At least one query must have a weight above 0; all of them have 0.")
        if not largest > 0:
            raise ConfigError(f"The largest weight of a click must be above 0; got {largest}.")
        vain = np.zeros(1) if offset is None else np.asarray(offset, np.float64)
        below = vain[np.minimum(places, len(vain) - 1)]
        return cls(rounds, clicks, examined, mean, below, counts, float(largest))

    @cached_property
    def inverse(self) -> Floats:
        """(rows,) 1 / propensity, cut."""
        return np.minimum(1 / self.propensity, self.largest)

    @cached_property
    def gain(self) -> Floats:
        """(rows,) relevance as clicks tell it."""
        found: Floats = (self.click - self.offset) * self.inverse
        return found

    @cached_property
    def click_weights(self) -> Floats:
        """(clicks,) what each click counts for, its query's weight included."""
        return (self.inverse * self.weight[self.rounds.of_row])[self.clicked]

    @cached_property
    def clicked(self) -> npt.NDArray[np.bool_]:
        """(rows,) whether there is a click."""
        return self.click > 0


def _places(position: npt.ArrayLike, rounds: Rounds) -> npt.NDArray[np.int64]:
    """(rows,) positions that rise within each query, so that its rows are in the order shown."""
    places = column("position", position, len(rounds.of_row))
    whole = (places >= 0) & (places == np.rint(places))
    _require("position", whole, "whole numbers from 0", places)
    deeper = (np.diff(places, prepend=-1) > 0) | (rounds.place == 0)
    _require("position", deeper, "in rising order within a query", places)
    return places.astype(np.int64)


def _examined(places: npt.NDArray[np.int64], examination: npt.ArrayLike) -> Floats:
    """(rows,) the examination of each row's position."""
    seen = column("examination", examination, np.size(examination))
    _require("examination", seen > 0, "above 0", seen)
    if len(seen) == 0:
        raise DataError("There must be an examination for at least one position; got none.")
    return seen[np.minimum(places, len(seen) - 1)]


def _require(name: str, good: npt.NDArray[np.bool_], must: str, values: Floats) -> None:
    if not good.all():
        raise DataError(
            f"`{name}` must be {must}; {np.count_nonzero(~good)} of {len(values)} values are not, "
            f"the first is {values[~good][0]:g}."
        )
