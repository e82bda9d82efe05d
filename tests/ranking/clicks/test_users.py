from typing import Any, get_args

import numpy as np
import pytest
from pydantic import ValidationError

from features.errors import ConfigError
from ranking.clicks.appeal import Appeal
from ranking.clicks.lists import Lists
from ranking.clicks.trust import Trust
from ranking.clicks.users import UserKind, relevance, user


def test_looks_by_hand() -> None:
    pbm: Any = user("pbm", 1.0, 4)
    np.testing.assert_allclose(pbm.examination, [1, 1 / 2, 1 / 3, 1 / 4])
    ubm: Any = user("ubm", 1.0, 3)
    # Without a click before, the distance from above the list; else from the click.
    assert ubm.examination == ((1,), (1 / 2, 1), (1 / 3, 1 / 2, 1))
    trust: Any = user("trust", 1.0, 12)
    np.testing.assert_allclose(trust.true_click[:2], [0.98, 0.97])
    np.testing.assert_allclose(trust.false_click[8:], [0.65 / 9, 0.065, 0.065, 0.065])


@pytest.mark.parametrize("kind", get_args(UserKind))
@pytest.mark.parametrize("eta", [0.0, 0.5, 3.0])
def test_probabilities(kind: UserKind, eta: float) -> None:
    """Of any list, also beyond the depth: between 0 and 1, and larger for what is relevant."""
    model, lists = user(kind, eta, 4), Lists.of(np.array([7, 3]))
    low, high = (model.probability(Appeal.of(np.full(10, one)), lists) for one in (0.1, 0.2))
    assert ((low > 0) & (low < 1)).all()
    assert (high[[0, 7]] > low[[0, 7]]).all()


def test_trust_is_affine_in_relevance() -> None:
    model, lists = user("trust", 1.0, 5), Lists.of(np.array([5]))
    at = [model.probability(Appeal.of(np.full(5, one)), lists) for one in (0.0, 0.5, 1.0)]
    np.testing.assert_allclose(at[1], (at[0] + at[2]) / 2)
    assert (at[0] > 0).all()  # irrelevant documents are clicked


def test_relevance_by_hand() -> None:
    found = relevance(np.array([0, 1, 2]), 0.1, 2.0)
    np.testing.assert_allclose(found, [0.1, 0.1 + 0.9 / 3, 1.0])
    np.testing.assert_allclose(relevance(np.array([0, 4]), 0.0, 4.0), [0, 1])


def test_refusals() -> None:
    with pytest.raises(ConfigError, match=r"pbm, cascade, ubm, trust; got 'pbn'. Did you mean"):
        user("pbn", 1.0, 3)
    with pytest.raises(ValidationError, match="as long as each other"):
        Trust(examination=(1.0,), true_click=(0.9, 0.9), false_click=(0.1,))
