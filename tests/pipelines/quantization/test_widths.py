"""Widths under a budget: against every choice there is."""

from itertools import product

import numpy as np
import pytest

from features.errors import ConfigError
from pipelines.quantization.widths import Option, Point, front, hull, within


def options(*pairs: tuple[int, float]) -> list[Option]:
    return [Option("int8", size, loss) for size, loss in pairs]


def test_the_hull_by_hand() -> None:
    # (2, 9) lies above the line from (0, 10) to (4, 2), (6, 2) is dearer than (4, 2) for nothing.
    found = hull(options((0, 10.0), (2, 9.0), (4, 2.0), (6, 2.0), (8, 0.0)))
    assert found == [0, 2, 4]


def test_the_front_by_hand() -> None:
    points = front([options((0, 10.0), (2, 0.0)), options((0, 6.0), (1, 0.0))])
    # A byte takes off 6 in the second and 5 in the first.
    assert points == [Point(0, 16.0, (0, 0)), Point(1, 10.0, (0, 1)), Point(3, 0.0, (1, 1))]


@pytest.mark.parametrize("seed", range(8))
def test_no_choice_of_as_many_bytes_loses_less(seed: int) -> None:
    random = np.random.default_rng(seed)
    segments = [
        options(*zip(np.sort(random.integers(0, 40, 4)).tolist(), random.random(4), strict=True))
        for _ in range(5)
    ]
    every = [
        (sum(one.bytes for one in choice), sum(one.loss for one in choice))
        for choice in product(*segments)
    ]
    for point in front(segments):
        held = [one[i] for one, i in zip(segments, point.chosen, strict=True)]
        assert point.bytes == sum(one.bytes for one in held)
        assert point.loss == pytest.approx(sum(one.loss for one in held))
        assert min(loss for size, loss in every if size <= point.bytes) >= point.loss - 1e-12


def test_a_budget_of_bytes_or_of_loss() -> None:
    points = [Point(1, 0.9, ()), Point(5, 0.3, ()), Point(9, 0.0, ())]
    assert within(points, 8, None) == points[1]
    assert within(points, None, 0.5) == points[1]
    assert within(points, None, 0.1) == points[2]
    with pytest.raises(ConfigError, match=r"fit into 0 bytes; the smallest .* takes 1"):
        within(points, 0, None)
    with pytest.raises(ConfigError, match="may add 0.1 .* the widest choice adds 0.3"):
        within(points[:2], None, 0.1)
