"""How a ranker stands on a model, as it is declared."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from features.errors import ConfigError
from pipelines.config import Config


@pytest.mark.parametrize(
    ("sections", "message"),
    [
        ({"model": None}, "[stacking] says what a [ranker] is given of a [model]; declare both"),
        ({"ranker": None}, "[stacking] says what a [ranker] is given of a [model]; declare both"),
        ({"stacking": {"folds": 1}}, "stacking.folds: Input should be greater than or equal to 2"),
        ({"stacking": {"column": "user"}}, "give the number of `folds`"),
        ({"stacking": {"cosines": [["item", "item"]]}}, "of two features; got 'item' twice"),
        (
            {"stacking": {"cosines": [["item", "noise"], ["noise", "item"]]}},
            "must be named once, in whichever order",
        ),
        (
            {"stacking": {"cosines": [["item", "taste"]]}},
            "features whose values are ids, of: noise, item, history; got 'taste'",
        ),
        (
            {"stacking": {"cosines": [["histroy", "item"]]}},
            "got 'histroy'. Did you mean 'history'?",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    configured: Callable[..., Config], sections: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        configured(Path(), **sections)
    assert message in str(caught.value)


def test_folds_take_the_place_of_rows_of_the_rankers_own(
    configured: Callable[..., Config],
) -> None:
    data = configured(Path()).data.model_dump(mode="json")
    split = {"type": "order", "train": 0.8}
    assert configured(Path(), data={**data, "split": split}).stacking is not None
    with pytest.raises(ConfigError, match="needs rows of its own.*rows with stacking.folds, for"):
        configured(Path(), data={**data, "split": split}, stacking=None)
    with pytest.raises(ConfigError, match="must give the part ranker nothing"):
        configured(Path(), data={**data, "split": {**split, "train": 0.7, "ranker": 0.1}})
    with pytest.raises(ConfigError, match="must be whole queries; data.negatives leaves rows out"):
        configured(Path(), data={**data, "split": split, "negatives": {"rate": 0.5}})
