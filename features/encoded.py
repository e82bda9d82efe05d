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

    def block(self, start: int, rows: int) -> Encoded:
        """At most `rows` rows to write to, from `start`; their sequences are apart."""
        part = slice(start, min(start + rows, self.rows))
        return Encoded(part.stop - start, self.ids[:, part], self.numerics[:, part], {})

    def joined(self, blocks: Sequence[Encoded]) -> Encoded:
        """With the sequences of its blocks."""
        names = blocks[0].sequences
        joined = {name: Ragged.concat([one.sequences[name] for one in blocks]) for name in names}
        return Encoded(self.rows, self.ids, self.numerics, joined)

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
