"""The probability of two things in turn."""

from __future__ import annotations

from models.keras import tf
from models.optimizers.optimizer import Tensor


def joint_logit(first: Tensor, second: Tensor) -> Tensor:
    """The logit of sigmoid(first) * sigmoid(second), of any one shape, float32.

    1 / (sigmoid(a) sigmoid(b)) = (1 + e^-a)(1 + e^-b), so the odds against are
    e^-a + e^-b + e^-(a + b), and the logit is -logsumexp(-a, -b, -(a + b)): no probability is
    computed that could round to 0 or 1, and the gradient is a softmax.

    ESMM, Ma et al., SIGIR 2018 (https://arxiv.org/abs/1804.07931), equation 1: pCTCVR =
    pCTR * pCVR, learned over all impressions.
    """
    first, second = tf.cast(first, tf.float32), tf.cast(second, tf.float32)
    terms = tf.stack([first, second, first + second], -1)
    least = tf.stop_gradient(tf.reduce_min(terms, -1, keepdims=True))
    return least[..., 0] - tf.math.log(tf.reduce_sum(tf.exp(least - terms), -1))
