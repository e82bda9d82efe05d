"""Metrics by slice, and their change, by hand."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from features.errors import DataError, FingerprintError
from models.progressive import Progressive
from models.train_config import TrainConfig
from pipelines.progressive.report import Report, report
from pipelines.progressive.slices import Slices, by_rows

SCORES = np.float32([[0.5, 1, 1], [0.25, 0, 1], [0.75, 0, 1], [0.5, 0, 2], [0.5, 0, 1]])


def test_by_hand() -> None:
    """Of three rows one click at 0.5, above one of two others; then two rows without a click."""
    found = report({}, SCORES, by_rows(5, 3))
    assert [(one.slice, one.rows) for one in found.slices] == [("0", 3), ("3", 2)]
    first, second = (one.metrics for one in found.slices)
    assert first["AUC"] == 0.5
    loss = (-math.log(0.5) - 2 * math.log(0.75) + math.log(3)) / 3
    assert -math.log(0.25) == pytest.approx(math.log(3) - math.log(0.75))
    assert first["LogLoss"] == pytest.approx(loss)
    assert first["PCOC"] == pytest.approx(1.5)
    assert second["LogLoss"] == pytest.approx(math.log(2))
    assert "AUC" not in second  # of one class it means nothing
    assert found.all.metrics["LogLoss"] == pytest.approx((3 * loss + 3 * math.log(2)) / 6)
    assert Report.model_validate(found.model_dump()) == found


def test_slices_of_a_column_stand_in_the_order_of_the_log() -> None:
    slices = Slices(["b", "a"], np.array([0, 1, 0, 1, 1], np.int32))
    found = [(name, list(rows)) for name, rows in slices]
    assert found == [("b", [0, 2]), ("a", [1, 3, 4])]


def test_a_change_is_in_percent_of_what_the_baseline_lost() -> None:
    better = SCORES.copy()
    better[2, 0] = 0.25  # AUC from 1/2 to 1
    old, new = (report({}, scores, by_rows(5, 3)) for scores in (SCORES, better))
    change = new.against(old)
    assert change.slices[0].metrics["1 - AUC"] == -100
    ratio = new.slices[0].metrics["LogLoss"] / old.slices[0].metrics["LogLoss"]
    assert change.slices[0].metrics["LogLoss"] == pytest.approx(100 * (ratio - 1))
    assert change.slices[1].metrics["LogLoss"] == 0
    assert "PCOC" not in change.all.metrics
    assert new.against(new).all.metrics == dict.fromkeys(change.all.metrics, 0)


def test_other_rows_are_not_compared() -> None:
    with pytest.raises(FingerprintError, match="it scored 5 in 5 slices, this run 5 in 2"):
        report({}, SCORES, by_rows(5, 3)).against(report({}, SCORES, by_rows(5, 1)))


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(DataError, match="must not be NaN"):
        report({}, SCORES * np.float32([np.nan, 1, 1]), by_rows(5, 3))


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"rows": 5, "column": "x"}, "got both"),
        ({"period": 5}, "divides a `column`"),
        ({"rows": 0}, "greater than or equal to 1"),
    ],
)
def test_slices_are_declared_in_one_way(declared: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Progressive.model_validate(declared)


def test_it_is_of_one_pass() -> None:
    with pytest.raises(ValidationError, match=r"set train\.epochs = 1"):
        TrainConfig(progressive=Progressive())
    assert TrainConfig(progressive=Progressive(), epochs=1).progressive == Progressive()
