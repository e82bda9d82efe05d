import math

import numpy as np
import pytest
from pydantic import ValidationError

from pipelines.negatives import Negatives


def splitmix64(seed: int, count: int) -> list[int]:
    """The generator of Steele et al., OOPSLA 2014, one number after the other."""
    mask, state, found = 2**64 - 1, seed, []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        found.append(z ^ (z >> 31))
    return found


def test_the_reference_is_the_published_generator() -> None:
    assert splitmix64(1234567, 3) == [
        6457827717110365317, 3203168211198807973, 9817491932198370423,
    ]  # fmt: skip


@pytest.mark.parametrize("seed", [0, 1234567, 2**63 - 1])
def test_a_row_is_kept_by_its_number_of_the_stream(seed: int) -> None:
    expected = [(one >> 11) / 2**53 < 0.3 for one in splitmix64(seed, 500)]
    assert Negatives(rate=0.3, seed=seed).kept(0, 500).tolist() == expected
    assert Negatives(rate=0.3, seed=seed).kept(123, 77).tolist() == expected[123:200]


def test_the_rate_is_kept_and_lower_rates_keep_fewer_of_the_same() -> None:
    low, high = (Negatives(rate=rate).kept(10**9, 100_000) for rate in (0.1, 0.5))
    assert low.mean() == pytest.approx(0.1, abs=0.005)
    assert high.mean() == pytest.approx(0.5, abs=0.008)
    assert not (low & ~high).any()
    assert Negatives(rate=1).kept(0, 1000).all()


def test_seeds_choose_apart() -> None:
    one, two = (Negatives(rate=0.5, seed=seed).kept(0, 10_000) for seed in (0, 1))
    assert np.mean(one == two) == pytest.approx(0.5, abs=0.02)


def test_each_correction_makes_up_for_the_whole() -> None:
    weight, prior = Negatives(rate=0.25), Negatives(rate=0.25, correct="prior")
    assert (weight.weight, weight.offset) == (4.0, 0.0)
    assert (prior.weight, prior.offset) == (1.0, math.log(0.25))


@pytest.mark.parametrize(
    "given", [{"rate": 0}, {"rate": 1.5}, {"rate": 0.5, "seed": -1}, {"rate": 0.5, "correct": "no"}]
)
def test_refuses_what_does_not_hold(given: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        Negatives.model_validate(given)
