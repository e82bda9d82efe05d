import numpy as np
import polars as pl

from pipelines.evaluation.slices import parse_by
from pipelines.metrics.predictions import Predictions
from pipelines.report.slices import slices


def test_where_nothing_is_off_few_stand_out() -> None:
    """Of 15 looks at 5 columns that say nothing, hardly one finds anything."""
    rng = np.random.default_rng(0)
    true = 1 / (1 + np.exp(-rng.normal(-1, 1, 2_000)))
    data = Predictions((rng.random(2_000) < true).astype(float), true)
    looks, by = [], parse_by("c0,c1,c2,c3,c4")
    for _ in range(15):
        columns = pl.DataFrame({f"c{i}": rng.integers(0, 4, 2_000) for i in range(5)})
        found = slices(columns, by, 100, data, None, probabilities=True)["slices"]
        looks.append(any(one["stands_out"] for one in found))
    assert sum(looks) <= 3
