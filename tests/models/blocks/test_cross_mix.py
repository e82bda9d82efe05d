"""The mixture of crosses against the paper's equations, expert by expert, in numpy."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.blocks.cross_mix import CrossMix
from tests.models.blocks.interactions import randomise

X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)


def by_name(block: CrossMix) -> dict[str, list[npt.NDArray[Any]]]:
    """Weights of each layer, by their names in the paper."""
    found: dict[str, list[npt.NDArray[Any]]] = {}
    for one in block.weights:
        found.setdefault(one.name.split("/")[-1].removesuffix(":0"), []).append(one.numpy())
    return found


@pytest.mark.parametrize(("layers", "experts", "rank"), [(1, 1, 2), (2, 3, 2), (3, 2, 6)])
@pytest.mark.parametrize(("activation", "g"), [("tanh", np.tanh), ("linear", lambda x: x)])
def test_it_is_the_formula(
    layers: int, experts: int, rank: int, activation: str, g: np.ufunc
) -> None:
    block = CrossMix(layers, experts=experts, rank=rank, activation=activation)
    block(X)
    randomise(block)
    w = by_name(block)
    (gate,) = w["kernel"]
    crossed: npt.NDArray[Any] = X
    for layer in range(layers):
        u, c, v, b = (w[name][layer] for name in ("u", "c", "v", "bias"))
        scores = np.exp(crossed @ gate)
        gates = scores / scores.sum(1, keepdims=True)
        following = crossed.copy()
        for i in range(experts):
            expert = X * (g(g(crossed @ v[i]) @ c[i]) @ u[i] + b)
            following += gates[:, [i]] * expert
        crossed = following
    np.testing.assert_allclose(block(X), crossed, rtol=1e-4, atol=1e-5)


def test_gates_sum_to_one_over_the_experts_and_vary_with_the_input() -> None:
    block = CrossMix(2, experts=3, rank=2)
    block(X)
    gates = block.gates(X).numpy()
    assert gates.shape == (5, 3)
    np.testing.assert_allclose(gates.sum(1), 1, rtol=1e-6)
    assert (gates.std(0) > 0.01).all()
    assert (gates.std(1) > 0.01).all()


def test_the_gates_steer_the_output() -> None:
    """All weight on one expert leaves the others no say."""
    block = CrossMix(1, experts=2, rank=2)
    block(X)
    randomise(block)
    positive = np.abs(X)
    block.weights[0].assign(np.array([[50.0, -50.0]] * 4))
    first = block(positive).numpy()
    for one in block.weights[1:4]:  # v, c, u
        one.assign(np.concatenate([one.numpy()[:1], 9 * np.ones_like(one)[1:]]))
    np.testing.assert_allclose(block(positive), first, rtol=1e-5)
    block.weights[0].assign(np.array([[-50.0, 50.0]] * 4))
    assert np.abs(block(positive) - first).max() > 0.1


def test_each_expert_starts_at_the_scale_of_its_own_matrix() -> None:
    """Glorot: the variance is 2 / (inputs + outputs), whatever the number of experts."""
    block = CrossMix(1, experts=3, rank=20)
    block(np.zeros((1, 300), np.float32))
    w = by_name(block)
    for expert in range(3):
        assert w["v"][0][expert].var() == pytest.approx(2 / 320, rel=0.1)
        assert w["c"][0][expert].var() == pytest.approx(2 / 40, rel=0.2)
        assert w["u"][0][expert].var() == pytest.approx(2 / 320, rel=0.1)
    assert not w["bias"][0].any()
