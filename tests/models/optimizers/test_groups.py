"""Which rule updates which group, and how little a configuration has to say."""

import pytest
from pydantic import ValidationError

from models.optimizers.adagrad import AdaGrad
from models.optimizers.ftrl import Ftrl
from models.optimizers.groups import Optimizers


def test_an_option_alone_keeps_the_rule_of_its_group() -> None:
    groups = Optimizers.model_validate(
        {"embeddings": {"learning_rate": 0.5}, "wide": {"l1": 0.25}, "dense": {}}
    )
    assert groups.sparse("embeddings") == AdaGrad(learning_rate=0.5)
    assert groups.sparse("wide") == Ftrl(l1=0.25)


def test_a_group_takes_another_rule() -> None:
    groups = Optimizers.model_validate({"embeddings": {"type": "ftrl", "beta": 2.0}})
    assert groups.sparse("embeddings") == Ftrl(beta=2.0)


def test_json_round_trip() -> None:
    groups = Optimizers(embeddings=Ftrl(l2=0.5), wide=AdaGrad(epsilon=1e-3))
    assert Optimizers.model_validate(groups.model_dump(mode="json")) == groups


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"wide": {"type": "adam"}}, "'adagrad', 'ftrl', 'group_adagrad'"),
        ({"embeddings": {"beta": 1.0}}, "embeddings.adagrad.beta"),
        ({"deep": {}}, "deep"),
    ],
)
def test_what_is_unknown_is_refused(declared: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Optimizers.model_validate(declared)
