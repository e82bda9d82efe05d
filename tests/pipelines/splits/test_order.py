from collections.abc import Callable

import polars as pl

from pipelines.splits.order import ByOrder


def test_order_cuts_by_row(parts: Callable[..., list[str]]) -> None:
    split = ByOrder(train=0.5, ranker=0.1, valid=0.2, test=0.2)
    found = parts(split, pl.DataFrame({"x": range(20)}))
    assert found == ["train"] * 10 + ["ranker"] * 2 + ["valid"] * 4 + ["test"] * 4
