"""Clipping, against torch's formula and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.keras import tf
from models.optimizers.clipping import Clip, global_norm

SHAPES = [(4, 3), (3,), (2, 5), ()]


def test_worked_numbers() -> None:
    """3, 4 and 12 are 13 long together: to 6.5, all of them are halved."""
    gradients = [tf.constant([[3.0, 0.0]]), None, tf.constant([4.0]), tf.constant(12.0)]
    assert float(global_norm(gradients)) == pytest.approx(13.0)
    first, nothing, second, third = Clip(norm=6.5).apply(gradients)
    assert nothing is None
    assert first.numpy().tolist() == [[pytest.approx(1.5), 0.0]]
    assert (float(second[0]), float(third)) == (pytest.approx(2.0), pytest.approx(6.0))
    first, nothing, second, third = Clip(value=3.5).apply(gradients)
    assert nothing is None
    assert (first[0, 0], second[0], third) == (3.0, 3.5, 3.5)
    assert float(Clip(value=0.5).apply([tf.constant(-2.0)])[0]) == -0.5


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 100), st.floats(1e-3, 1e3), st.integers(0, 99))
def test_it_is_what_torch_does(bound: float, size: float, seed: int) -> None:
    """clip_grad_norm_: coef = max_norm / (total_norm + 1e-6), clamped to 1, times each."""
    random = np.random.default_rng(seed)
    gradients = [size * random.normal(size=shape).astype(np.float32) for shape in SHAPES]
    total = np.linalg.norm([np.linalg.norm(one) for one in gradients])
    expected = [one * min(bound / (total + 1e-6), 1.0) for one in gradients]
    found = Clip(norm=bound).apply([tf.constant(one, tf.float32) for one in gradients])
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-7)
    assert float(global_norm(found)) <= bound * (1 + 1e-5)


def test_what_is_short_enough_stays_bit_for_bit() -> None:
    gradients = [tf.random.stateless_normal([50], [1, 2]), tf.constant([0.0])]
    for clip in (Clip(), Clip(norm=100.0), Clip(value=100.0)):
        for one, other in zip(clip.apply(gradients), gradients, strict=True):
            np.testing.assert_array_equal(one, other)


def test_nothing_to_clip() -> None:
    assert Clip(norm=1.0).apply([]) == []
    assert Clip(norm=1.0).apply([None]) == [None]
    assert not Clip(norm=1.0).apply([tf.zeros([3])])[0].numpy().any()


def test_other_precisions_keep_theirs() -> None:
    gradients = [tf.constant([3.0], tf.bfloat16), tf.constant([4.0])]
    half, whole = Clip(norm=2.5).apply(gradients)
    assert (half.dtype, whole.dtype) == (tf.bfloat16, tf.float32)
    assert (float(half[0]), float(whole[0])) == (1.5, pytest.approx(2.0))


def test_it_may_be_traced() -> None:
    rows = tf.TensorSpec([None, 2], tf.float32)
    clip = tf.function(lambda one, other: Clip(norm=1.0).apply([one, other]), [rows, rows])
    found = clip(tf.ones([0, 2]), tf.ones([50, 2]))
    assert float(global_norm(found)) == pytest.approx(1.0, rel=1e-5)


def test_the_two_do_not_go_together() -> None:
    with pytest.raises(ValidationError, match="give one of them"):
        Clip(norm=1.0, value=1.0)
    for bad in ({"norm": 0}, {"value": -1.0}):
        with pytest.raises(ValidationError, match=next(iter(bad))):
            Clip.model_validate(bad)
