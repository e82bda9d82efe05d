"""Which round is kept, and when it is enough."""

import pytest

from features.errors import DataError
from ranking.best_round import BestRound


def test_the_first_of_the_best_is_kept_with_its_bias() -> None:
    best = BestRound(patience=2)
    seen = []
    for number, value in enumerate([0.1, 0.5, 0.5, 0.4], 1):
        best.see(number, value, {"click": [float(number)]})
        seen.append(best.over)
    assert (best.number, best.value, best.bias) == (2, 0.5, {"click": [2.0]})
    assert seen == [False, False, False, True]


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(DataError, match="after round 3 it is nan"):
        BestRound(1).see(3, float("nan"), {})
