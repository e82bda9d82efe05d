"""The additive bias: a step by hand, and LightGBM's own."""

from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError
from ranking.objective.additive import Additive
from ranking.objective.lambdas import Lambdas
from ranking.objective.loss import Loss


def test_a_step_by_hand() -> None:
    """A pair clicked at 0, all scores tied: gradients -1/2 and 1/2, second derivatives 1/4."""
    loss = Loss(metric="pairwise", normalization=False, score_normalization=False)
    lambdas = Lambdas([1, 0], [2], position=[0, 1], loss=loss)
    objective = Additive(lambdas, depth=2, learning_rate=0.1, regularization=0.5)
    objective([0, 0])
    step = 0.1 * 0.5 / (0.25 + 0.5 + 0.001)
    np.testing.assert_allclose(objective.bias["score"], [step, -step], rtol=1e-6)
    gradient, _ = objective([-step, step])
    np.testing.assert_allclose(gradient, [-0.5, 0.5], rtol=1e-6)


class _Lines:
    """What LightGBM says, of which the last lines are its biases."""

    def __init__(self) -> None:
        self.lines = list[str]()

    def info(self, line: str) -> None:
        self.lines.append(line)

    warning = info

    def biases(self, depth: int) -> list[float]:
        rows = [line.split()[-2:] for line in self.lines]
        pairs = [row for row in rows if len(row) == 2 and row[0].isdigit()]
        return [float(value) for _, value in pairs[-depth:]]


@pytest.mark.parametrize("regularization", [0.0, 0.3])
def test_it_is_that_of_lightgbm(log: Any, regularization: float) -> None:
    """LightGBM grows its trees once on its own objective and once on ours, which alike learn.

    Its sigmoid comes from a table of steps of 1e-4, and its hessian is half of XGBoost's.
    """
    lightgbm = pytest.importorskip("lightgbm")
    spoken, quiet = _Lines(), _Lines()
    lightgbm.register_logger(spoken)
    options = {"num_leaves": 6, "learning_rate": 0.1, "num_threads": 1, "verbosity": 2}
    data = {"label": log.click, "group": log.sizes, "position": log.position}
    ranked = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": 10,
        "lambdarank_position_bias_regularization": regularization,
    }
    native = lightgbm.train(options | ranked, lightgbm.Dataset(log.matrix, **data), 8)
    loss = Loss(pairs=10)
    lambdas = Lambdas(log.click, log.sizes, position=log.position, loss=loss)
    objective = Additive(lambdas, depth=10, learning_rate=0.1, regularization=regularization)

    def halved(scores: Any, _: Any) -> tuple[Any, Any]:
        gradient, hessian = objective(scores)
        return gradient, hessian / 2

    lightgbm.register_logger(quiet)
    plain = lightgbm.Dataset(log.matrix, log.click)
    own = lightgbm.train(options | {"objective": halved}, plain, 8)
    learned = spoken.biases(10)
    assert learned[0] > learned[1] > learned[4] > learned[9]
    np.testing.assert_allclose(objective.bias["score"], learned, atol=2e-4)
    np.testing.assert_allclose(own.predict(log.matrix), native.predict(log.matrix), atol=1e-3)


@pytest.mark.parametrize("change", [{"depth": 0}, {"learning_rate": 0.0}, {"regularization": -0.1}])
def test_numbers_out_of_range_are_refused(change: dict[str, Any]) -> None:
    lambdas = Lambdas([0, 1], [2], position=[0, 1])
    with pytest.raises(ConfigError, match="depth must be 1 or more, the learning rate above 0"):
        Additive(lambdas, **{"depth": 2, "learning_rate": 0.1, **change})
