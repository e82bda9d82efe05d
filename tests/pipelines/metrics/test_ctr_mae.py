"""CTRMAE against hand-worked numbers, Polars, and ECE where the groups are its bins."""

import numpy as np
import polars as pl
import pytest

from features.errors import DataError
from pipelines.metrics.calibration import ECE
from pipelines.metrics.ctr_mae import CTRMAE
from pipelines.metrics.predictions import Predictions


def test_by_hand() -> None:
    data = Predictions(
        [1, 0, 0], [0.5, 0.25, 0.75], [1, 3, 2], {"device": np.array(["tv", "tv", "phone"])}
    )
    # tv: 1.25 expected of 4 against 1; phone: 0.75 against 0, of weight 2.
    found = CTRMAE("device").per_group(data)
    assert found.keys.tolist() == ["tv", "phone"]
    assert found.values.tolist() == pytest.approx([0.25 / 4, 0.75])
    assert CTRMAE("device").compute(data) == pytest.approx((0.25 + 1.5) / 6)


def test_is_a_mean_by_group() -> None:
    random = np.random.default_rng(0)
    frame = pl.DataFrame(
        {"g": random.integers(0, 30, 2000), "p": random.random(2000), "w": random.random(2000)}
    ).with_columns(y=pl.Series(random.integers(0, 2, 2000)))
    mean = (pl.col("w") * (pl.col("p") - pl.col("y"))).sum().abs()
    expected = frame.group_by("g").agg(mean)["w"].sum() / frame["w"].sum()
    columns = (frame[name].to_numpy() for name in "ypw")
    found = CTRMAE("g").compute(Predictions(*columns, {"g": frame["g"].to_numpy()}))
    assert found == pytest.approx(expected, rel=1e-12)


def test_is_ece_where_the_groups_are_its_bins() -> None:
    random = np.random.default_rng(1)
    scores = random.permutation(1000) / 1000
    data = Predictions(
        random.random(1000) < scores**2, scores, None, {"bin": (scores * 20).astype(int)}
    )
    assert CTRMAE("bin").compute(data) == pytest.approx(ECE(20).compute(data), rel=1e-12)


def test_needs_probabilities() -> None:
    with pytest.raises(DataError, match="scores that are probabilities"):
        CTRMAE("g").compute(Predictions([0, 1], [-1, 2], None, {"g": np.array([1, 1])}))
