"""Which rule updates which group, and how little a configuration has to say."""

from typing import get_args

import pytest
from pydantic import ValidationError

from models.optimizers.adagrad import AdaGrad
from models.optimizers.dense.adam import Adam
from models.optimizers.dense.lookahead import Lookahead
from models.optimizers.dense.sgd import SGD
from models.optimizers.ftrl import Ftrl
from models.optimizers.groups import Optimizers
from models.optimizers.optimizer import SparseOptimizer
from models.optimizers.registry import Sparse


def test_an_option_alone_keeps_the_rule_of_its_group() -> None:
    groups = Optimizers.model_validate(
        {"embeddings": {"learning_rate": 0.5}, "wide": {"l1": 0.25}, "dense": {}}
    )
    assert groups.sparse("embeddings") == AdaGrad(learning_rate=0.5)
    assert groups.sparse("wide") == Ftrl(l1=0.25)
    assert groups.dense == Adam()


def test_a_group_takes_another_rule() -> None:
    groups = Optimizers.model_validate({"embeddings": {"type": "ftrl", "beta": 2.0}})
    assert groups.sparse("embeddings") == Ftrl(beta=2.0)
    inner = {"type": "sgd", "learning_rate": 0.5}
    groups = Optimizers.model_validate({"dense": {"type": "lookahead", "inner": inner}})
    assert groups.dense == Lookahead(inner=SGD(learning_rate=0.5))


@pytest.mark.parametrize("group", ["embeddings", "wide", "co_action"])
@pytest.mark.parametrize("kind", get_args(get_args(Sparse)[0]), ids=lambda one: one.__name__)
def test_any_sparse_rule_updates_any_table(group: str, kind: type[SparseOptimizer]) -> None:
    tag = kind.model_fields["type"].default
    assert Optimizers.model_validate({group: {"type": tag}}).sparse(group) == kind()


def test_co_actions_have_the_rule_of_embeddings_or_their_own() -> None:
    groups = Optimizers.model_validate({"embeddings": {"learning_rate": 0.5}})
    assert groups.sparse("co_action") == AdaGrad(learning_rate=0.5)
    groups = Optimizers.model_validate(
        {"embeddings": {"learning_rate": 0.5}, "co_action": {"rowwise": True}}
    )
    assert groups.sparse("co_action") == AdaGrad(rowwise=True)


def test_json_round_trip() -> None:
    groups = Optimizers(embeddings=Ftrl(l2=0.5), wide=AdaGrad(epsilon=1e-3))
    assert Optimizers.model_validate(groups.model_dump(mode="json")) == groups


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"wide": {"type": "adam"}}, "'adagrad', 'ftrl', 'group_adagrad'"),
        ({"embeddings": {"beta": 1.0}}, "embeddings.adagrad.beta"),
        ({"deep": {}}, "deep"),
        ({"dense": {"type": "ftrl"}}, "'adam', 'adamw', 'lamb', 'lars'"),
        ({"dense": {"l1": 1.0}}, "dense.adam.l1"),
    ],
)
def test_what_is_unknown_is_refused(declared: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Optimizers.model_validate(declared)
