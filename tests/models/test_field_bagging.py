"""Fields that training drops, and serving does not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from features.batch import Batch
from features.layout import Layout
from models.can import CAN
from models.deepfm import DeepFM
from models.field_bagging import FieldBagging
from models.keras import tf
from models.lr import LR
from models.model import Model
from models.network import Network
from models.optimizers.groups import Optimizers


class Seen(Network):
    """Keeps what it is given."""

    def call(self, inputs: Any, training: bool = False) -> Any:  # noqa: ARG002
        self.inputs = inputs
        return tf.zeros([2])


def test_tables_of_the_same_fields_lose_the_same_fields() -> None:
    seen = Seen()
    bagging = FieldBagging(seen, ["embedding", "wide"], 0.5, seed=3)
    full = {"embedding": tf.ones([400, 6, 4]), "wide": tf.ones([400, 6, 1]), "n": tf.ones([400, 2])}
    before: Any = np.zeros(())
    for _ in range(2):
        bagging(full, training=True)
        wide, embedding = seen.inputs["wide"].numpy(), seen.inputs["embedding"].numpy()
        np.testing.assert_array_equal(embedding, np.repeat(wide, 4, 2))
        assert 0.4 < (wide == 0).mean() < 0.6
        assert not np.array_equal(wide, before)  # each step draws anew
        np.testing.assert_array_equal(seen.inputs["n"], full["n"])
        before = wide
    bagging(full, training=False)
    np.testing.assert_array_equal(seen.inputs["embedding"], full["embedding"])


@pytest.mark.parametrize("config", [LR, DeepFM, CAN])
def test_scores_are_those_of_the_model_without(
    config: Any, layout_of: Callable[..., Layout], batch_of: Callable[..., Batch]
) -> None:
    layout = layout_of()
    batch = batch_of(layout, 9)
    plain, bagged = (
        Model(config(field_dropout=rate), layout, Optimizers(), seed=2) for rate in (0.0, 0.3)
    )
    np.testing.assert_array_equal(plain.predict([batch]), bagged.predict([batch]))
