import numpy as np
import polars as pl

from features.fit import fit
from features.index import MISSING, UNSEEN
from features.schema import Schema
from pipelines.explain.baseline import baseline

RAW = pl.DataFrame(
    {
        "item": ["a", "b", "b", None],
        "price": [1.0, 3.0, 5.0, 7.0],
        "share": [1.0, 2.0, 3.0, 9.0],
        "history": [["a", "b"], ["b"], [], None],
        "vector": [[1.0, 2.0], [0.5, 1.0], [0.0, 1.0], [2.0, 2.0]],
    }
)


def test_nothing_is_known_of_the_baseline_but_how_long_its_sequences_are() -> None:
    """By hand: 9 encodes to what `fill` says, the standardized mean is 0, and hashes miss."""
    schema = Schema.model_validate(
        {
            "derived": [{"type": "cross", "name": "both", "columns": ["item", "price"]}],
            "features": [
                {"type": "id", "column": "item"},
                {"type": "id", "name": "hashed", "column": "item", "buckets": 5},
                {"type": "id", "name": "both", "column": "both"},
                {"type": "numeric", "column": "price"},
                {"type": "numeric", "column": "share", "scale": "none", "fill": 9},
                {"type": "sequence", "column": "history", "max_length": 3},
                {"type": "vector", "column": "vector", "dim": 2},
            ],
            "checks": [{"column": "price", "kind": "number", "min": 0, "max_null_rate": 0.0}],
        }
    )
    encoder = fit(schema, [RAW])
    found = baseline(encoder, encoder.batch(RAW))
    np.testing.assert_array_equal(found.ids, [[UNSEEN, MISSING, UNSEEN]] * 4)
    np.testing.assert_allclose(found.numerics, [[0, 9, 0, 0]] * 4, atol=1e-6)
    np.testing.assert_array_equal(
        found.sequences["history"], [[1, 1, -1], [1, -1, -1], [-1] * 3, [-1] * 3]
    )
