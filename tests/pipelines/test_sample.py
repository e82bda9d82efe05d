from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError
from pipelines.sample import sample
from serving.scorer import Scorer


def test_all_rows_come_in_order_where_they_are_few(world: Any) -> None:
    found = sample(world.run, "test", 10**6, seed=0)
    dataset = world.run.prepared.part("test")
    assert found.batch.rows == dataset.rows
    assert found.roles["label"].equals(dataset.frame(["__label"])["__label"].alias("label"))


def test_of_too_many_rows_whole_queries_stay(world: Any) -> None:
    whole = sample(world.run, "test", 10**6, seed=0).roles
    sizes = dict(whole.group_by("query").len().iter_rows())
    found = sample(world.run, "test", 500, seed=0).roles
    assert 400 < found.height <= 500
    kept = dict(found.group_by("query").len().iter_rows())
    assert kept == {query: sizes[query] for query in kept}
    other = sample(world.run, "test", 500, seed=1).roles
    assert set(other["query"]) != set(kept)
    assert len(set(sample(world.run, "test", 1, seed=0).roles["query"])) == 1


def test_a_bundle_draws_the_same_rows_of_its_log(world: Any) -> None:
    of_run = sample(world.run, "test", 500, seed=0)
    scorer = Scorer.load(world.float_bundle.folder)
    of_bundle = sample(scorer, "test", 500, seed=0, data=str(world.config))
    np.testing.assert_array_equal(of_run.batch.ids, of_bundle.batch.ids)
    assert of_run.roles.select("label", "query").equals(
        of_bundle.roles.select(pl.col("label"), "query")
    )


def test_a_bundle_needs_data_and_a_run_takes_none(world: Any) -> None:
    with pytest.raises(ConfigError, match="give --data"):
        sample(Scorer.load(world.float_bundle.folder), "test", 10, seed=0)
    with pytest.raises(ConfigError, match="brings its own rows"):
        sample(world.run, "test", 10, seed=0, data="log")
