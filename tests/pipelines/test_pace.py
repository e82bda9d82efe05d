"""The rate and the loss of a training, by hand."""

import pytest

from pipelines.pace import Pace


class Clock:
    """Stands still until told the time."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_rate_leaves_out_the_first_step_and_what_is_between_epochs() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.now = 9.0  # of making the graph
    pace.step(100, 1.0)
    assert pace.rate is None
    clock.now = 11.0
    pace.step(200, 1.0)
    clock.now = 14.0
    pace.step(350, 1.0)
    assert pace.rate == pytest.approx(250 / 5)
    pace.turn()
    clock.now = 90.0
    pace.step(100, 1.0)
    assert pace.rate is None
    clock.now = 91.0
    pace.step(180, 1.0)
    assert pace.rate == pytest.approx(80)


def test_the_rate_is_of_the_last_steps() -> None:
    """A hundred steps of a second after many of a minute."""
    clock = Clock()
    pace = Pace(clock)
    for step in range(300):
        clock.now += 60 if step < 200 else 1
        pace.step(10 * (step + 1), 1.0)
    assert pace.rate == pytest.approx(10)


def test_the_loss_is_a_running_mean() -> None:
    pace = Pace()
    for loss in (3.0, 3.0):
        pace.step(1, loss)
        assert pace.loss == pytest.approx(3)
    pace.step(2, 0.0)
    assert pace.loss == pytest.approx(3 * (0.98 + 0.98**2) / (1 + 0.98 + 0.98**2))
