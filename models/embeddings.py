"""Which table holds what a model learned of a field."""

from __future__ import annotations

from collections.abc import Sequence

from features.cosines import Cosine, Pair
from features.errors import ConfigError
from features.layout import Layout
from features.suggest import listing
from models.network import ModelConfig


def cosines_of(config: ModelConfig, layout: Layout, pairs: Sequence[Pair]) -> tuple[Cosine, ...]:
    """Columns of pairs of fields: of the first table of embeddings that reads both.

    Raises ConfigError where there is none.
    """
    return tuple(Cosine(table=_table(config, layout, pair), fields=pair) for pair in pairs)


def _table(config: ModelConfig, layout: Layout, pair: Pair) -> str:
    fields = [one.name for one in (*layout.ids, *layout.sequences)]
    for name, spec in config.tables(layout).items():
        read = fields if spec.fields is None else spec.fields
        if spec.group == "embeddings" and spec.dim > 1 and {*pair} <= {*fields} & {*read}:
            return name
    raise ConfigError(
        f"A cosine must be of two features of ids ({listing(fields)}) that the model has "
        f"embeddings of in one table; {' and '.join(pair)} are not. Correct stacking.cosines, or "
        "choose another [model]."
    )
