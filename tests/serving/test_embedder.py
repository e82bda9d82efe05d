"""What the server gives its network, against what training gives its own."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from features.batch import Batch
from features.inputs import NUMERIC
from features.layout import IdField, Layout, NumericField, SequenceField
from features.ragged import PAD
from models.keras import tf
from models.model import Model
from models.network import ModelConfig, TableSpec
from models.optimizers.groups import Optimizers
from serving.embedder import Embedder
from serving.tables.floats import FloatTable

LAYOUT = Layout(
    fields=(
        SequenceField(name="seen", vocabulary="item", length=3),
        IdField(name="user", vocabulary="user"),
        NumericField(name="age"),
        IdField(name="item", vocabulary="item"),
        SequenceField(name="tags", vocabulary="tag", length=2),
    ),
    vocabularies={"user": 5, "item": 6, "tag": 4},
)
BATCH = Batch(
    ids=np.array([[0, 5], [4, 2]], np.int32),
    numerics=np.array([[0.5], [-1.0]], np.float32),
    sequences={
        "seen": np.array([[2, 5, PAD], [PAD, PAD, PAD]], np.int32),
        "tags": np.array([[3, 3], [1, PAD]], np.int32),
    },
)


class Several(ModelConfig):
    """Tables of every kind."""

    def tables(self, layout: Layout) -> dict[str, TableSpec]:  # noqa: ARG002
        return {
            "all": TableSpec(dim=3, group="embeddings"),
            "one": TableSpec(dim=2, group="embeddings", fields=("item",)),
            "whole": TableSpec(dim=2, group="wide", fields=("item", "tags", "seen"), whole=True),
        }

    def network(self, layout: Layout, seed: int, bias: float = 0.0) -> Callable[..., Any]:  # noqa: ARG002
        def network(inputs: Any, training: bool = False) -> Any:
            return tf.reduce_sum(inputs[NUMERIC], 1)

        return network


def test_the_inputs_are_those_of_training() -> None:
    model = Model(Several(), LAYOUT, Optimizers())
    tables = {name: FloatTable(table.weights) for name, table in model.tables.items()}
    served = Embedder(LAYOUT, tables, model.specs)(BATCH)
    trained = model.inputs(*model.arrays(BATCH))
    assert served.keys() == trained.keys() == model.sample_inputs().keys()
    for name, values in served.items():
        np.testing.assert_allclose(values, trained[name], rtol=1e-6, atol=1e-7, err_msg=name)
    assert {name: one.shape for name, one in served.items()} == {
        "numeric": (2, 1),
        "all": (2, 4, 3),
        "one": (2, 1, 2),
        "whole": (2, 1, 2),
        "whole_0": (2, 3, 2),
        "whole_1": (2, 2, 2),
        "mask_0": (2, 3),
        "mask_1": (2, 2),
    }
    assert served["mask_0"].tolist() == [[1, 1, 0], [0, 0, 0]]
    assert model.tables["one"].rows == 6
    assert model.tables["whole"].rows == 10


def test_what_is_empty_is_left_out() -> None:
    layout = Layout(fields=(IdField(name="a", vocabulary="a"),), vocabularies={"a": 3})
    batch = Batch(np.zeros((2, 1), np.int32), np.zeros((2, 0), np.float32))
    spec = TableSpec(dim=2, group="wide", whole=True)
    table = FloatTable(np.ones((3, 2), np.float32))
    assert Embedder(layout, {"t": table}, {"t": spec})(batch).keys() == {"t"}
    assert pytest.approx(1) == float(Embedder(layout, {"t": table}, {"t": spec})(batch)["t"].max())
