"""FinalMLP's contexts."""

from collections.abc import Callable

import numpy as np
import pytest

from features.batch import Batch
from features.errors import ConfigError
from features.layout import Layout
from models.finalmlp import FinalMLP
from models.model import Model
from models.optimizers.groups import Optimizers

CONFIG = FinalMLP(dim=2, hidden=(4,), hidden2=(4,), context1=("i1",), context2=("i0", "i1"))


def test_contexts_have_tables_of_their_own(layout_of: Callable[..., Layout]) -> None:
    layout = layout_of(2, 1, 1, rows=6)
    tables = CONFIG.tables(layout)
    fields = {name: spec.fields for name, spec in tables.items()}
    assert fields == {"embedding": None, "context1": ("i1",), "context2": ("i0", "i1")}
    assert set(CONFIG.model_copy(update={"gates": False}).tables(layout)) == {"embedding"}


@pytest.mark.parametrize("name", ["context1", "context2"])
def test_a_context_decides_how_much_a_row_says(
    name: str, layout_of: Callable[..., Layout], batch_of: Callable[..., Batch]
) -> None:
    """Another row of a context's table changes the scores of the rows that use it, and no other."""
    layout = layout_of(2, 1, 1, rows=6)
    batch = batch_of(layout, 200)
    model = Model(CONFIG.model_copy(update={"stddev": 1.0}), layout, Optimizers(), seed=3)
    before = model.logits([batch])
    table, value = model.tables[name], 4
    row = value + (layout.vocabularies["v0"] if name == "context2" else 0)  # after i0's rows
    changed = table.storage.copy()
    changed[row] += 1.0
    table.restore(changed)
    moved = model.logits([batch]) != before
    np.testing.assert_array_equal(moved, batch.ids[:, 1] == value)


def test_a_context_that_is_no_id_is_refused(layout_of: Callable[..., Layout]) -> None:
    config = CONFIG.model_copy(update={"context1": ("i9",)})
    with pytest.raises(ConfigError, match="'i9' is none of i0, i1"):
        Model(config, layout_of(2, 1, 1, rows=6), Optimizers())
