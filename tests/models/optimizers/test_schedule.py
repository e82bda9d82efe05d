"""Schedules: worked numbers, laws, and the same in a graph."""

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.keras import tf
from models.optimizers.schedule import Schedule

DECAYS = ["linear", "cosine", "exponential", "inverse_sqrt"]
WARM = {"warmup": 10, "warmup_start": 0.2}
DECAYING = st.builds(
    Schedule,
    warmup=st.integers(0, 1000),
    warmup_start=st.floats(0, 1),
    decay=st.sampled_from(DECAYS),
    decay_steps=st.integers(1, 10**6),
    decay_rate=st.floats(1e-3, 0.999),
    floor=st.floats(0, 1),
)
SCHEDULES = st.one_of(DECAYING, st.builds(Schedule, warmup=st.integers(0, 1000)))


def test_none_is_one() -> None:
    assert [Schedule().factor(step) for step in (0, 1, 10**9)] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("options", "step", "expected"),
    [
        (WARM, 0, 0.2),
        (WARM, 5, 0.6),
        (WARM, 10, 1.0),
        (WARM, 99, 1.0),
        ({**WARM, "decay": "linear", "decay_steps": 4, "floor": 0.5}, 11, 0.875),
        ({**WARM, "decay": "linear", "decay_steps": 4, "floor": 0.5}, 99, 0.5),
        ({"decay": "cosine", "decay_steps": 4}, 1, (1 + math.sqrt(0.5)) / 2),
        ({"decay": "cosine", "decay_steps": 4, "floor": 0.5}, 2, 0.75),
        ({"decay": "cosine", "decay_steps": 4}, 4, 0.0),
        ({"decay": "exponential", "decay_steps": 2, "decay_rate": 0.25}, 1, 0.5),
        ({"decay": "exponential", "decay_steps": 2, "decay_rate": 0.25}, 4, 1 / 16),
        ({"decay": "exponential", "decay_steps": 2, "decay_rate": 0.25, "floor": 0.1}, 4, 0.1),
        ({"decay": "inverse_sqrt", "decay_steps": 3}, 9, 0.5),
        ({**WARM, "decay": "inverse_sqrt", "decay_steps": 10}, 40, math.sqrt(10 / 40)),
    ],
)
def test_worked_numbers(options: dict[str, Any], step: int, expected: float) -> None:
    schedule = Schedule(**options)
    assert schedule.factor(step) == pytest.approx(expected)
    assert float(schedule.tensor(tf.constant(step, tf.int64))) == pytest.approx(expected)


@settings(max_examples=80, deadline=None)
@given(SCHEDULES, st.integers(0, 2**40))
def test_a_graph_agrees_with_python(schedule: Schedule, step: int) -> None:
    """Also where a float32 would no longer count the steps."""
    found = schedule.tensor(tf.constant(step, tf.int64))
    assert found.dtype == tf.float32
    assert found.shape == ()
    assert float(found) == pytest.approx(schedule.factor(step), rel=1e-6, abs=1e-7)


def test_it_may_be_traced() -> None:
    schedule = Schedule(warmup=3, decay="cosine", decay_steps=5)
    traced = tf.function(schedule.tensor, input_signature=[tf.TensorSpec([], tf.int64)])
    for step in range(12):
        found = float(traced(tf.constant(step, tf.int64)))
        assert found == pytest.approx(schedule.factor(step), abs=1e-7)


@settings(max_examples=80)
@given(DECAYING, st.integers(0, 10**7), st.integers(0, 10**7))
def test_it_rises_to_one_and_falls_to_the_floor(schedule: Schedule, a: int, b: int) -> None:
    early, late = sorted((a % (schedule.warmup + 1), b % (schedule.warmup + 1)))
    assert schedule.factor(early) <= schedule.factor(late) + 1e-12
    assert schedule.factor(schedule.warmup) == 1.0
    early, late = (schedule.warmup + step for step in sorted((a, b)))
    assert 1 + 1e-12 >= schedule.factor(early) >= schedule.factor(late) - 1e-12
    assert schedule.factor(late) >= schedule.floor - 1e-12


def test_the_batch_size_scales() -> None:
    assert Schedule(base_batch_size=1024).scale(4096) == 4.0
    assert Schedule(base_batch_size=1024).scale(256) == 0.25
    assert Schedule().scale(4096) == 1.0


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"decay": "cosine"}, "go together; got decay 'cosine' and decay_steps None"),
        ({"decay_steps": 3}, "go together; got decay 'none' and decay_steps 3"),
        ({"decay": "step"}, "'inverse_sqrt'"),
        ({"warmup": -1}, "warmup"),
        ({"floor": 1.1}, "floor"),
        ({"decay_rate": 1.0}, "decay_rate"),
    ],
)
def test_what_makes_no_schedule_is_refused(bad: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Schedule.model_validate(bad)
