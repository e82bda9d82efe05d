"""A real log: the estimators that apply find examination that falls with the position."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import DataError
from ranking.propensity.dual import dual
from ranking.propensity.harvesting import harvest_items
from ranking.propensity.randomised import randomised
from ranking.propensity.regression_em import regression_em

FILE = (
    Path(__file__).resolve().parents[4] / "shared/data/trivago2019/clickout_impressions_dev.csv.gz"
)
pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the shared data is not here")


@pytest.fixture(scope="module")
def trivago() -> pl.DataFrame:
    price = pl.col("price")
    mean = price.mean().over("clickout_id")
    return (
        pl.read_csv(FILE)
        .sort("clickout_id", "position")
        .with_columns(
            price.log1p().alias("level"),
            (price / mean).log().alias("relative"),
            price.rank().over("clickout_id").alias("rank"),
            pl.len().over("item_id").log().alias("seen"),
        )
    )


def arrays(log: pl.DataFrame) -> tuple[Any, Any, Any]:
    sizes = log.group_by("clickout_id", maintain_order=True).len()["len"].to_numpy()
    return sizes.astype(np.int64), log["position"].to_numpy(), log["click"].to_numpy()


FEATURES = ("level", "relative", "rank", "seen")
APPLY: dict[str, Callable[[pl.DataFrame], Any]] = {
    "items": lambda log: harvest_items(*arrays(log), item=log["item_id"].to_numpy(), draws=20),
    "em": lambda log: regression_em(
        *arrays(log), features=log.select(FEATURES).to_numpy(), draws=10, depth=10
    ),
    "dual": lambda log: dual(
        *arrays(log.head(40_000)),
        features=log.head(40_000).select(FEATURES).to_numpy(),
        draws=10,
        depth=10,
    ),
}


@pytest.mark.parametrize("name", APPLY)
def test_examination_falls(name: str, trivago: pl.DataFrame) -> None:
    found = APPLY[name](trivago)
    curve = np.array(found.examination)
    assert (np.array(found.high) < np.inf).all()
    assert curve[1] < 0.6
    assert curve[1:4].mean() > curve[4:7].mean() > curve[7:10].mean() > 0.01


def test_its_order_is_not_random(trivago: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="follows `score`"):
        randomised(*arrays(trivago), score=trivago["seen"].to_numpy())
