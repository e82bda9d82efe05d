"""Saved and restored, every dense rule goes on as if nothing had been."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from models.optimizers.dense.adam import Adam
from models.optimizers.dense.lookahead import Lookahead
from models.optimizers.dense.registry import Dense
from models.optimizers.dense.rmsprop import RMSProp
from models.optimizers.dense.sgd import SGD
from models.optimizers.dense.state import arrays, restore

KINDS = get_args(get_args(Dense)[0])
RULES = [
    *(kind() for kind in KINDS),
    SGD(momentum=0.9, nesterov=True),
    RMSProp(momentum=0.5, centered=True),
    Adam(amsgrad=True),
    *(Lookahead(inner=kind(), steps=3) for kind in KINDS if kind is not Lookahead),
]
Stepper = Callable[..., Callable[[int], None]]


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_what_is_resumed_ends_the_same(
    rule: Dense, network: Callable[[], list[Any]], stepper: Stepper
) -> None:
    """Bit for bit, weights and state, stopped between two meetings of Lookahead."""
    whole, resumed = network(), network()
    optimizer, again = rule.build(), rule.build()
    step = stepper(rule, optimizer, whole)
    for number in range(4):
        step(number)
    weights, state = [one.numpy() for one in whole], arrays(optimizer)
    for number in range(4, 9):
        step(number)
    for one, saved in zip(resumed, weights, strict=True):
        one.assign(saved)
    step = stepper(rule, again, resumed)
    restore(again, state)
    for number in range(4, 9):
        step(number)
    for one, other in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(arrays(optimizer), arrays(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_arrays_are_copies(network: Callable[[], list[Any]], stepper: Stepper) -> None:
    optimizer = Adam().build()
    step = stepper(Adam(), optimizer, network())
    saved = arrays(optimizer)
    step(0)
    assert (saved[0], arrays(optimizer)[0]) == (0, 1)
    assert not any(one.any() for one in saved)


def test_the_state_of_another_rule_is_refused(network: Callable[[], list[Any]]) -> None:
    one, other = Adam().build(), Adam(amsgrad=True).build()
    for optimizer in (one, other):
        optimizer.build(network())
    with pytest.raises(ValueError, match="state of Adam must be 7 arrays .* are 10"):
        restore(one, arrays(other))
    with pytest.raises(ValueError, match="of other shapes or dtypes"):
        restore(one, [array.astype(np.float64) for array in arrays(one)])
