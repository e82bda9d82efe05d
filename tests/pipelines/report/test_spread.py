import numpy as np
import pytest

from pipelines.metrics.predictions import Predictions
from pipelines.report.spread import spread


@pytest.mark.parametrize(
    "scores",
    [[0.5] * 4, [-np.inf, 0.0, 1.0, np.inf], [1e300, -1e300, 0.0, 1.0], [0.1, 0.2, 0.3, 0.4]],
    ids=["one", "infinite", "huge", "plain"],
)
def test_shares_of_each_label_are_a_whole(scores: list[float]) -> None:
    found = spread(Predictions(np.array([0.0, 1, 0, 1]), np.array(scores)))
    assert np.isfinite(found["edges"]).all()
    assert (np.diff(found["edges"]) > 0).all()
    assert [one["label"] for one in found["labels"]] == [0, 1]
    assert all(sum(one["shares"]) == pytest.approx(1) for one in found["labels"])


def test_nothing_finite_is_nothing_to_draw() -> None:
    data = Predictions(np.array([0.0, 1]), np.array([-np.inf, np.inf]))
    assert spread(data) == {"edges": [], "labels": []}


def test_grades_are_the_most_frequent_ones_in_order() -> None:
    labels = np.repeat(np.arange(8.0), [9, 8, 7, 6, 5, 4, 3, 2])
    found = spread(Predictions(labels, labels))
    assert [one["label"] for one in found["labels"]] == [0, 1, 2, 3, 4]
