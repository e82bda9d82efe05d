"""What is shown, beyond its labels: every number worked by hand."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError, DataError
from pipelines.metrics.items import Items
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import Predictions

LOG = ["a"] * 4 + ["b"] * 2 + ["c", "d"]  # 8 rows
KINDS = {"a": "red", "b": "red", "c": "blue", "d": "blue"}
CATALOGUE = Items.of_log(
    [
        pl.DataFrame({"item": part, "kind": [KINDS[one] for one in part]})
        for part in (LOG[:3], LOG[3:])
    ],
    "item",
    "kind",
)


def lists(
    *shown: Sequence[str], weights: Sequence[float] | None = None, items: Items | None = CATALOGUE
) -> Predictions:
    """Each query shows its items in this order."""
    sizes = [len(one) for one in shown]
    return Predictions(
        np.zeros(sum(sizes)),
        np.concatenate([-np.arange(size) for size in sizes]),
        None if weights is None else np.repeat(weights, sizes),
        {
            "query": np.repeat(np.arange(len(shown)), sizes),
            "item": np.array([item for one in shown for item in one]),
        },
        items,
    )


def value(form: str, data: Predictions) -> float:
    return parse_metric(form).compute(data)


def test_a_log_is_counted() -> None:
    assert dict(zip(CATALOGUE.ids.tolist(), CATALOGUE.counts.tolist(), strict=True)) == {
        "a": 4, "b": 2, "c": 1, "d": 1,
    }  # fmt: skip
    assert CATALOGUE.total == 8
    assert CATALOGUE.numbers(np.array(["d", "zz"], dtype=object)).tolist() == [3, -1]


def test_coverage() -> None:
    data = lists("abcd", "badc")
    assert value("Coverage@1", data) == 2 / 4
    assert value("Coverage@2", data) == 2 / 4
    assert value("Coverage@3", data) == 1
    assert value("Coverage@1", lists(["a", "b"], ["new", "a"])) == 1 / 4
    assert value("Coverage@1", lists("ab", "ba", weights=[1, 0])) == 1 / 4


def test_gini_of_exposure() -> None:
    assert value("Gini@4", lists("abcd", "dcba")) == 0
    assert value("Gini@1", lists("abcd", "abcd")) == 3 / 4  # (n - 1) / n: one item has it all
    # Exposures 0, 0, 1, 2: (1 * 1 + 3 * 2) / (4 * 3).
    assert value("Gini@1", lists("ab", "ab", "ba")) == pytest.approx(7 / 12, rel=1e-15)
    assert value("Gini@1", lists("ab", "ba", weights=[2, 1])) == pytest.approx(7 / 12, rel=1e-15)


def test_novelty_is_self_information_in_bits() -> None:
    # -log2 of 4/8, 2/8, 1/8; what the log lacks counts as if it were there once.
    data = lists(["a", "b", "c"], ["c"], ["new"])
    assert value("Novelty@2", data) == pytest.approx(((1 + 2) / 2 + 3 + 3) / 3, rel=1e-15)
    weighted = lists(["a", "b"], ["c"], weights=[1, 3])
    assert value("Novelty@2", weighted) == pytest.approx((1.5 + 3 * 3) / 4, rel=1e-15)


def test_popularity_and_its_lift() -> None:
    data = lists("ab", ["c", "new"])
    assert value("Popularity@2", data) == ((4 + 2) / 2 + (1 + 0) / 2) / 2
    # The log's own rows are of popularity (16 + 4 + 1 + 1) / 8.
    assert value("PopularityLift@2", data) == pytest.approx(1.75 / 2.75 - 1, rel=1e-15)
    assert value("PopularityLift@8", lists(LOG)) == pytest.approx(0, abs=1e-15)


def test_diversity_of_categories() -> None:
    data = lists("abc", "acbd", "a")  # the last shows no pair
    assert value("Diversity@2", data) == (0 + 1) / 2
    assert value("Diversity@3", data) == pytest.approx((2 / 3 + 2 / 3) / 2, rel=1e-15)
    assert value("Diversity@4", data) == pytest.approx((2 / 3 + 4 / 6) / 2, rel=1e-15)
    metric = parse_metric("Diversity@4")
    assert metric.per_group(data).skipped == 1


def test_diversity_of_vectors_is_the_mean_over_pairs() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(4, 3))
    items = Items(np.array(list("abcd")), np.ones(4), vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = [1 - unit[i] @ unit[j] for i in range(4) for j in range(i)]
    found = value("Diversity@9", lists("dbac", items=items))
    assert found == pytest.approx(np.mean(distances), rel=1e-12)
    log = pl.DataFrame({"item": list("abcd"), "v": vectors.tolist()})
    of_log = Items.of_log([log], "item", "v")
    assert value("Diversity@9", lists("dbac", items=of_log)) == pytest.approx(found, rel=1e-12)


def test_ties_go_by_item_id_whatever_the_order_of_rows() -> None:
    for order in ([0, 1, 2], [2, 0, 1]):
        tied = Predictions(
            np.zeros(3),
            np.zeros(3),
            None,
            {"query": np.zeros(3), "item": np.array(["a", "c", "b"])[order]},
            CATALOGUE,
        )
        assert value("Popularity@1", tied) == 1  # c


def test_rows_that_were_not_shown_do_not_count() -> None:
    data = Predictions(
        np.zeros(3),
        [1, -np.inf, -np.inf],
        None,
        {"query": np.array([1, 1, 2]), "item": np.array(["a", "b", "b"])},
        CATALOGUE,
    )
    assert value("Coverage@5", data) == 1 / 4
    assert value("Popularity@5", data) == 4


def test_what_is_missing_is_said() -> None:
    with pytest.raises(DataError, match=r"Coverage@1 needs to know the catalogue.*pass items="):
        value("Coverage@1", lists("ab", items=None))
    plain = Items(np.array(["a", "b"]), np.ones(2))
    with pytest.raises(DataError, match=r"Diversity@2 needs items described by categories"):
        value("Diversity@2", lists("ab", items=plain))
    with pytest.raises(DataError, match=r"Gini@2 needs shown items .*none of 1 .* 'x' and 'a'"):
        value("Gini@2", lists(["x"], items=plain))
    by_number = Items(np.array([1, 2]), np.ones(2))
    with pytest.raises(DataError, match=r"none of 2 is among its 2.*check that both name"):
        value("Coverage@2", lists(["1", "2"], items=by_number))
    with pytest.raises(DataError, match="Items must be distinct"):
        Items(np.array(["a", "a"]), np.ones(2))
    with pytest.raises(DataError, match=r"must describe every item; 1 of 2 have none"):
        Items.of_log([pl.DataFrame({"i": [1, 2], "k": ["x", None]})], "i", "k")
    with pytest.raises(ConfigError, match="Coverage needs cutoff"):
        parse_metric("Coverage")
