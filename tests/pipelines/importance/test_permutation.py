from typing import Any

import numpy as np
import pytest

from features.errors import ConfigError, DataError
from pipelines.importance.permutation import Importances, Shuffling, importances, permutation
from pipelines.metrics.auc import AUC
from pipelines.metrics.calibration import PCOC
from pipelines.metrics.loss import LogLoss
from pipelines.metrics.ranking import NDCG
from pipelines.sample import Rows
from pipelines.subject import Subject


def by_name(found: Importances) -> dict[str, float]:
    return {one.feature: one.value for one in found.features}


def test_what_is_not_read_is_worth_nothing_and_what_tells_all_is_worth_all(known: Any) -> None:
    """Without the one number that it reads, a perfect AUC falls to a half."""
    subject = known.subject(known.column("told"))
    found = importances(subject, known.rows, AUC(), Shuffling())
    assert found.metric == 1
    first, *others = found.features
    assert first.feature == "told"
    assert first.low < 0.5 < first.high
    assert first.value == pytest.approx(0.5, abs=0.03)
    assert {one.feature for one in others} == {"twin", "of_query", "idle", "tag"}
    assert all((one.value, one.low, one.high) == (0, 0, 0) for one in others)


def test_a_loss_gains_what_a_feature_is_worth(known: Any) -> None:
    """By hand: half the rows get the other sign, at a loss of log(1 + e^x) - log(1 + e^-x) = x."""
    subject = known.subject(lambda batch: 2 * np.sign(known.column("told")(batch)))
    found = by_name(importances(subject, known.rows, LogLoss(), Shuffling(repeats=20)))
    assert found["told"] == pytest.approx(2 * 0.5, abs=0.03)


def test_features_that_stand_for_each_other_are_shuffled_together(known: Any) -> None:
    told, twin = known.column("told"), known.column("twin")
    subject = known.subject(lambda batch: told(batch) + twin(batch))
    alone = by_name(importances(subject, known.rows, AUC(), Shuffling()))
    groups = {"both": ["told", "twin"]}
    together = by_name(importances(subject, known.rows, AUC(), Shuffling(groups=groups)))
    assert together["both"] == pytest.approx(0.5, abs=0.03)
    assert alone["told"] < 0.3
    assert "told" not in together


def test_within_queries_what_is_of_the_query_is_worth_nothing(known: Any) -> None:
    subject = known.subject(known.column("of_query"))
    across = importances(subject, known.rows, LogLoss(), Shuffling())
    within = importances(subject, known.rows, LogLoss(), Shuffling(within=True))
    assert across.features[0].feature == "of_query" or across.features[-1].feature == "of_query"
    assert by_name(across)["of_query"] != 0
    assert by_name(within)["of_query"] == 0
    order = importances(known.subject(known.column("told")), known.rows, NDCG(cutoff=3),
                        Shuffling(within=True))  # fmt: skip
    assert order.metric == 1
    assert order.features[0].feature == "told"
    assert order.features[0].low > 0.1


def test_the_same_seed_shuffles_alike(known: Any) -> None:
    subject = known.subject(known.column("told"))
    first, again, other = (
        importances(subject, known.rows, AUC(), Shuffling(seed=seed)).features[0]
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first.value != other.value


@pytest.mark.slow
def test_intervals_of_an_importance_hold_the_truth(known: Any) -> None:
    """Over 100 samples of 200 rows: the truth is that of all rows, shuffled often."""
    subject = known.subject(
        lambda batch: known.column("told")(batch) / 2 + known.column("idle")(batch)
    )
    truth = by_name(importances(subject, known.rows, AUC(), Shuffling(repeats=30)))["told"]
    held = 0
    roles = known.rows.roles.drop("query")
    for seed in range(100):
        at = np.random.default_rng(seed).integers(len(roles), size=200)
        rows = Rows(known.rows.batch.take(at), roles[at])
        found = importances(subject, rows, AUC(), Shuffling(seed=seed))
        one = next(one for one in found.features if one.feature == "told")
        held += one.low <= truth <= one.high
    assert held >= 89  # 95 of 100, less 3 standard deviations


def test_refusals(known: Any) -> None:
    subject = known.subject(known.column("told"))
    with pytest.raises(ConfigError, match="PCOC has no better or worse"):
        importances(subject, known.rows, PCOC(), Shuffling())
    with pytest.raises(ConfigError, match="group 'x' must name features.*Did you mean 'told'"):
        importances(subject, known.rows, AUC(), Shuffling(groups={"x": ["tolt"]}))
    with pytest.raises(ConfigError, match="one group; 'told' is in 'a' and 'b'"):
        importances(subject, known.rows, AUC(), Shuffling(groups={"a": ["told"], "b": ["told"]}))
    lone = Rows(known.rows.batch, known.rows.roles.drop("query"))
    with pytest.raises(DataError, match="rows that have a query"):
        importances(subject, lone, AUC(), Shuffling(within=True))
    nobody = Subject(known.encoder, None, None)
    with pytest.raises(ConfigError, match="of probabilities"):
        importances(nobody, known.rows, LogLoss(), Shuffling())


def test_a_run_and_its_bundle_agree(world: Any) -> None:
    from serving.scorer import Scorer

    of_run = permutation(world.run, "test", "nDCG@10", repeats=2, rows=1000)
    bundle = Scorer.load(world.float_bundle.folder)
    of_bundle = permutation(bundle, "test", "nDCG@10", repeats=2, rows=1000, data=str(world.config))
    assert {one.feature for one in of_run} == {one.name for one in world.run.encoder.layout.fields}
    found = {one.feature: one.value for one in of_bundle}
    for one in of_run:
        assert found[one.feature] == pytest.approx(one.value, abs=1e-3)
