from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.simulator.simulation import Simulation

WORDS = ("user_id", "user_country", "user_age", "device", "item_id", "item_category", "item_brand")


def test_columns_on_disk(simulation: Simulation, rows: Any) -> None:
    schema = rows(simulation.path / "log").schema
    expected = {
        "query_id": pa.int64(), "position": pa.int32(), "timestamp": pa.int64(),
        "user_id": pa.string(), "user_country": pa.string(), "user_age": pa.string(),
        "device": pa.string(), "hour": pa.int32(), "item_id": pa.string(),
        "item_category": pa.string(), "item_brand": pa.string(), "item_price": pa.float64(),
        "item_age_days": pa.float64(), "history": pa.list_(pa.string()), "click": pa.int8(),
    }  # fmt: skip
    assert schema.names == list(expected)
    assert {name: schema.field(name).type for name in schema.names} == expected
    truth = rows(simulation.path / "truth").schema
    assert truth.names == [
        "query_id", "position", "relevance", "examination", "click_probability"
    ]  # fmt: skip


def test_queries_are_whole_and_in_order(simulation: Simulation, rows: Any) -> None:
    log = rows(simulation.path / "log")
    query, position = log["query_id"].to_numpy(), log["position"].to_numpy()
    np.testing.assert_array_equal(query, np.arange(20_000) // 10)
    np.testing.assert_array_equal(position, np.arange(20_000) % 10 + 1)
    for name in ("timestamp", "user_id", "device", "history"):
        lists = log[name].to_pylist()
        assert all(lists[k] == lists[k - k % 10] for k in range(0, 20_000, 7)), name
    assert (np.diff(log["timestamp"].to_numpy()) >= 0).all()


def test_only_prices_are_missing(simulation: Simulation, rows: Any) -> None:
    log = rows(simulation.path / "log")
    missing = log["item_price"].null_count / 20_000
    assert abs(missing - 0.03) < 4 * np.sqrt(0.03 * 0.97 / 20_000)
    assert all(log[name].null_count == 0 for name in log.schema.names if name != "item_price")
    assert pc.min(log["item_price"]).as_py() > 0
    assert pc.min(log["item_age_days"]).as_py() >= 0


def test_attributes_belong_to_their_ids(simulation: Simulation, rows: Any) -> None:
    log = rows(simulation.path / "log")
    pairs = [("user_id", n) for n in ("user_country", "user_age")]
    pairs += [("item_id", n) for n in ("item_category", "item_brand")]
    for key, attribute in pairs:
        distinct = log.select([key, attribute]).group_by([key, attribute]).aggregate([])
        assert distinct.num_rows == pc.count_distinct(log[key]).as_py(), attribute
        assert pc.count_distinct(log[attribute]).as_py() > 4, attribute


def test_a_history_is_the_last_clicks_of_its_user_before_the_query(
    simulation: Simulation, rows: Any
) -> None:
    """Against a replay of the file row by row; a query sees nothing of itself."""
    log = rows(simulation.path / "log").select(
        ["query_id", "user_id", "item_id", "history", "click"]
    )
    clicks: dict[str, list[str]] = {}
    before: list[str] = []
    last, longest = -1, 0
    for row in log.to_pylist():
        own = clicks.setdefault(row["user_id"], [])
        if row["query_id"] != last:
            last, before = row["query_id"], own[-simulation.config.history_length :]
        assert row["history"] == before
        longest = max(longest, len(own))
        if row["click"]:
            own.append(row["item_id"])
    assert longest > simulation.config.history_length


def test_shards_hold_whole_lists_side_by_side(simulation: Simulation, rows: Any) -> None:
    assert [path.name for path in simulation.log_files] == [
        "part-00000.parquet", "part-00001.parquet", "part-00002.parquet"
    ]  # fmt: skip
    for log, truth in zip(simulation.log_files, simulation.truth_files, strict=True):
        assert log.name == truth.name
        keys = ["query_id", "position"]
        assert rows(log).select(keys) == rows(truth).select(keys)
    assert [rows(path).num_rows for path in simulation.log_files] == [7_000, 7_000, 6_000]


def test_truth_multiplies(simulation: Simulation, rows: Any) -> None:
    truth = rows(simulation.path / "truth")
    seen = truth["examination"].to_numpy()
    np.testing.assert_allclose(seen, 1.0 / truth["position"].to_numpy())
    product = truth["relevance"].to_numpy() * seen
    np.testing.assert_array_equal(truth["click_probability"].to_numpy(), product)


def test_click_rate_is_the_mean_click_probability(simulation: Simulation, rows: Any) -> None:
    click = rows(simulation.path / "log")["click"].to_numpy()
    probability = rows(simulation.path / "truth")["click_probability"].to_numpy()
    sigma = np.sqrt((probability * (1 - probability)).sum())
    assert abs(click.sum() - probability.sum()) < 4 * sigma
    # and within each tenth of the probability, so that the truth is calibrated throughout
    tenth = np.argsort(np.argsort(probability)) * 10 // len(probability)
    for part in range(10):
        own = probability[tenth == part]
        limit = 4 * np.sqrt((own * (1 - own)).sum())
        assert abs(click[tenth == part].sum() - own.sum()) < limit
