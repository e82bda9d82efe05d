"""Made-up users, to draw clicks from."""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from features.errors import ConfigError
from features.suggest import listing, nearest
from ranking.clicks.cascade import Cascade
from ranking.clicks.pbm import Pbm
from ranking.clicks.registry import AnyClickModel
from ranking.clicks.trust import Trust
from ranking.clicks.ubm import Ubm

UserKind = Literal["pbm", "cascade", "ubm", "trust"]
Floats = npt.NDArray[np.float64]

FALSE_CLICK: Final = 0.65  # at the top, for `trust`


def user(kind: str, eta: float, depth: int) -> AnyClickModel:
    """Users whose looks fade with the power `eta` of the distance, over `depth` positions.

    pbm: a look at position k has the probability (1 + k) ** -eta. cascade: from the top to the
    first click; eta means nothing. ubm: the distance is that from the click before, if any. trust:
    the looks of pbm, and false clicks of 0.65 / min(k + 1, 10), true ones of
    1 - (min(k + 1, 20) + 1) / 100, as Vardasbi et al. simulate them (CIKM 2020).

    Raises:
        ConfigError: another kind.
    """
    ranks = np.arange(1, depth + 1, dtype=np.float64)
    looks = tuple((ranks**-eta).tolist())
    if kind == "pbm":
        return Pbm(examination=looks)
    if kind == "cascade":
        return Cascade()
    if kind == "ubm":
        return Ubm(examination=tuple((looks[k], *looks[:k][::-1]) for k in range(depth)))
    if kind == "trust":
        true = 1 - (np.minimum(ranks, 20) + 1) / 100
        false = FALSE_CLICK / np.minimum(ranks, 10)
        return Trust(
            examination=looks, true_click=tuple(true.tolist()), false_click=tuple(false.tolist())
        )
    kinds = get_args(UserKind)
    raise ConfigError(
        f"click_model must be one of {listing(kinds)}; got {kind!r}.{nearest(kind, kinds)}"
    )


def relevance(grade: npt.NDArray[np.generic], noise: float, highest: float) -> Floats:
    """P(click | looked at) = noise + (1 - noise) (2^grade - 1) / (2^highest - 1), (rows,).

    Chapelle, Metlzer, Zhang & Grinspan, CIKM 2009; with noise, Ai et al., SIGIR 2018.
    """
    gain = (np.exp2(np.asarray(grade, dtype=np.float64)) - 1) / (np.exp2(highest) - 1)
    return np.asarray(noise + (1 - noise) * gain)
