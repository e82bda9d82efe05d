"""Encoded rows, column by column: what an encoder gives, before anyone needs a shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from features.batch import Batch
from features.index import Rows
from features.layout import IdField, Layout, NumericField
from features.ragged import Ragged
from features.transforms.scale import Floats


@dataclass(frozen=True)
class Encoded:
    """ids: int32 (id fields, rows). numerics: float32 (numbers, rows). sequences: by name."""

    rows: int
    ids: Rows
    numerics: Floats
    sequences: dict[str, Ragged]

    @classmethod
    def concat(cls, parts: Sequence[Encoded]) -> Encoded:
        if len(parts) == 1:
            return parts[0]
        return cls(
            sum(part.rows for part in parts),
            np.concatenate([part.ids for part in parts], axis=1),
            np.concatenate([part.numerics for part in parts], axis=1),
            {
                name: Ragged.concat([part.sequences[name] for part in parts])
                for name in parts[0].sequences
            },
        )

    def batch(self, layout: Layout) -> Batch:
        """Rows first, sequences padded."""
        return Batch(
            ids=np.ascontiguousarray(self.ids.T),
            numerics=np.ascontiguousarray(self.numerics.T),
            sequences={
                field.name: self.sequences[field.name].padded(field.length)
                for field in layout.sequences
            },
        )

    def frame(self, layout: Layout) -> pl.DataFrame:
        """A column a field: Int32, Float32, Array(Float32, width) or List(Int32), no nulls."""
        columns = []
        row = number = 0
        for field in layout.fields:
            if isinstance(field, IdField):
                columns.append(pl.Series(field.name, self.ids[row]))
                row += 1
            elif isinstance(field, NumericField):
                block = self.numerics[number : number + field.width]
                number += field.width
                values = block[0] if field.width == 1 else np.ascontiguousarray(block.T)
                columns.append(pl.Series(field.name, values))
            else:
                columns.append(self.sequences[field.name].series(field.name))
        return pl.DataFrame(columns)
