"""States are JSON, and only their own objective goes on from them."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from features.errors import DataError
from ranking.objective.additive import Additive
from ranking.objective.debiased import Debiased
from ranking.objective.ipw import IPW
from ranking.objective.lambdas import Lambdas
from ranking.objective.plain import Plain
from ranking.objective.state import Objective

KINDS: dict[str, Callable[[Lambdas], Objective]] = {
    "plain": Plain,
    "ipw": lambda lambdas: IPW(lambdas, [1, 0.5, 0.25]),
    "debiased": lambda lambdas: Debiased(lambdas, depth=3),
    "additive": lambda lambdas: Additive(lambdas, depth=3, learning_rate=0.1),
}


def _lambdas(log: Any) -> Lambdas:
    return Lambdas(log.click, log.sizes, position=log.position)


@pytest.mark.parametrize("kind", KINDS)
def test_it_goes_on_where_it_stopped(log: Any, kind: str) -> None:
    """Scores change from round to round, and so does what is learned of the bias."""
    make, lambdas = KINDS[kind], _lambdas(log)
    rounds = np.random.default_rng(0).normal(size=(4, len(log.click))).astype(np.float32)
    whole, first, second = (make(lambdas) for _ in range(3))
    expected = [whole(scores) for scores in rounds]
    for scores in rounds[:2]:
        first(scores)
    second.restore(json.loads(json.dumps(first.state)))
    for scores, (gradient, hessian) in zip(rounds[2:], expected[2:], strict=True):
        found = second(scores)
        np.testing.assert_array_equal(found[0], gradient)
        np.testing.assert_array_equal(found[1], hessian)
    assert second.state == whole.state
    assert second.bias == whole.bias


@pytest.mark.parametrize("kind", KINDS)
def test_the_state_of_another_is_refused(log: Any, kind: str) -> None:
    one = KINDS[kind](_lambdas(log))
    other = Debiased(_lambdas(log), depth=4)
    with pytest.raises(DataError, match=f"must be of '{kind}'.*it is of 'debiased' click"):
        one.restore(other.state)


@pytest.mark.parametrize(
    "document",
    [{}, {"objective": "plain", "rounds": -1}, {"objective": "plain", "bias": {"x": [np.nan]}}],
)
def test_what_is_no_state_is_refused(log: Any, document: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="must be one that it gave"):
        Plain(_lambdas(log)).restore(document)


@pytest.mark.parametrize("kind", ["debiased", "additive"])
def test_workers_that_share_their_sums_learn_what_one_does(log: Any, kind: str) -> None:
    """Two halves of the queries, each with a reduction that adds what the other would send."""
    whole, half = KINDS[kind](_lambdas(log)), len(log.click) // 2
    sent: list[list[np.ndarray[Any, Any]]] = [[], []]

    def worker(index: int, other: list[np.ndarray[Any, Any]] | None) -> Objective:
        """Alone it notes what it would send; then it adds what the other one noted."""
        rows, received = slice(index * half, (index + 1) * half), iter(other or [])

        def reduce(sums: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
            sent[index].append(sums)
            return sums if other is None else sums + next(received)

        sizes = log.sizes[: len(log.sizes) // 2]
        lambdas = Lambdas(log.click[rows], sizes, position=log.position[rows], reduce=reduce)
        return KINDS[kind](lambdas)

    scores = np.random.default_rng(0).normal(size=len(log.click)).astype(np.float32)
    worker(1, None)(scores[half:])
    gradient, hessian = whole(scores)
    together = worker(0, list(sent[1]))
    first = together(scores[:half])
    np.testing.assert_allclose(first[0], gradient[:half], rtol=1e-6)
    np.testing.assert_allclose(first[1], hessian[:half], rtol=1e-6)
    for name, values in whole.bias.items():
        np.testing.assert_allclose(together.bias[name], values, rtol=1e-9)
