"""What a bundle lost: worked by hand."""

import polars as pl
import pytest

from features.errors import BundleError
from pipelines.quantization.quality import quality

ROWS = pl.DataFrame(
    {
        "label": [0, 1, 0, 1, 0, 1],
        "query": [1, 1, 1, 2, 2, 2],
        "exact": [0.1, 0.9, 0.2, 0.8, 0.3, 0.7],
        "shipped": [0.1, 0.8, 0.2, 0.8, 0.4, 0.9],
    }
)


def test_differences_and_ranks_by_hand() -> None:
    found = quality(ROWS, "exact", "shipped")
    assert found.rows == 6
    assert found.largest == pytest.approx(0.2)
    assert found.mean == pytest.approx((0.1 + 0.1 + 0.2) / 6)
    # The first query's order stands; in the second two of three rows change places: 1/2.
    assert found.correlation == pytest.approx((1 + 0.5) / 2)
    assert found.lost("AUC") == 0
    assert found.lost("PCOC") == pytest.approx(abs(3.2 / 3 - 1) - 0)


def test_the_budget_is_by_metric() -> None:
    found = quality(ROWS, "exact", "shipped")
    assert found.beyond({"AUC": 0, "PCOC": 0.07}) == []
    (told,) = found.beyond({"PCOC": 0.01})
    assert told == "PCOC lost 0.067 of at most 0.01"
    with pytest.raises(BundleError, match="must name metrics"):
        found.beyond({"AUCC": 1})


def test_one_class_has_a_log_loss_alone() -> None:
    found = quality(ROWS.filter(pl.col("label") == 1).drop("query"), "exact", "shipped")
    assert list(found.exact) == ["LogLoss"]
    assert found.correlation is None
