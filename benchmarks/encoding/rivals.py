"""The contestants: each learns a log's vocabularies and scales, then encodes the same log.

All of them bring numbers to (sign(x) log(1 + |x|) - mean) / std, missing at the mean, and ids to
codes in which missing and unseen have their place. They import their libraries in `prepare`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from benchmarks.encoding.log import IDS, NUMERICS

ROWS = 262_144  # at once, of those who read piece by piece
READ = [*NUMERICS, *IDS]
Array = npt.NDArray[Any]


class Rival(ABC):
    """`prepare`, which is not timed, then `fit` and `encode`, which are."""

    name: ClassVar[str]
    needs: ClassVar[tuple[str, ...]]
    exact: ClassVar[bool] = False  # codes by frequency, then text, as ours are

    @classmethod
    def installed(cls) -> bool:
        return all(find_spec(one.partition(".")[0]) is not None for one in cls.needs)

    @abstractmethod
    def prepare(self, path: Path) -> None: ...

    @abstractmethod
    def fit(self) -> None: ...

    @abstractmethod
    def encode(self) -> Iterator[Any]:
        """The encoded rows, in order, in pieces of whatever kind is natural."""

    @abstractmethod
    def vocabularies(self) -> Sequence[Sequence[str]]:
        """The values of each id, missing ones left out, in the order of their codes."""

    @abstractmethod
    def tail(self, piece: Any, rows: int) -> tuple[Array, Array]:
        """The last rows of a piece: codes (rows, ids) and numbers (rows, numerics)."""


class _Frames(Rival):
    """A rival whose pieces are data frames."""

    def tail(self, piece: Any, rows: int) -> tuple[Array, Array]:
        last = piece.tail(rows)
        return last[list(IDS)].to_numpy(), last[list(NUMERICS)].to_numpy()


class Crossrank(_Frames):
    name, needs, exact = "crossrank", ("features.fit", "features.readers.open"), True

    def prepare(self, path: Path) -> None:
        from features.readers.open import open_source
        from features.schema import Schema

        numerics = {"type": "numeric", "columns": NUMERICS, "log": True}
        ids = {"type": "id", "columns": IDS}
        self.schema = Schema.model_validate({"features": [numerics, ids]})
        self.source = open_source(path.name, None, path.parent).coded(self.schema.coded)

    def fit(self) -> None:
        from features.fit import fit

        columns = self.schema.fit_columns
        self.encoder = fit(self.schema, lambda: self.source.ahead(columns, ROWS))

    def encode(self) -> Iterator[Any]:
        for frame in self.source.ahead(self.schema.columns, ROWS):
            yield self.encoder.encode(frame)

    def vocabularies(self) -> Sequence[Sequence[str]]:
        known = [self.encoder.states[name].vocabulary for name in IDS]
        return [one.values.to_list() for one in known if one is not None]


class Polars(_Frames):
    """By hand: a streaming query a column, then the scan in slices, which skips row groups."""

    name, needs, exact = "Polars, streaming", ("polars",), True

    def prepare(self, path: Path) -> None:
        import polars as pl

        self.pl, self.log, self.rows = pl, pl.scan_parquet(path), ROWS

    def fit(self) -> None:
        pl = self.pl
        numbers = self._logged(pl.col(NUMERICS))
        wanted = [numbers.mean().name.suffix(" mean"), numbers.std(ddof=0).name.suffix(" std")]
        found = self.log.select(wanted).collect(engine="streaming").row(0, named=True)
        self.values = [self._counted(name) for name in IDS]
        # An Enum keeps its hash table; a join or a replacement builds it anew for each slice.
        codes = [
            pl.when(pl.col(name).is_not_null())
            .then(self._code(name, values).fill_null(1))
            .otherwise(0)
            .alias(name)
            for name, values in zip(IDS, self.values, strict=True)
        ]
        self.encoded = [
            *(
                ((self._logged(pl.col(name)) - found[f"{name} mean"]) / found[f"{name} std"])
                .fill_null(0)
                .cast(pl.Float32)
                for name in NUMERICS
            ),
            *codes,
        ]

    def _logged(self, number: Any) -> Any:
        return number.sign() * number.abs().log1p()

    def _counted(self, name: str) -> Any:
        column = self.log.select(value=self.pl.col(name)).drop_nulls()
        counts = column.group_by("value").len().sort(["len", "value"], descending=[True, False])
        return counts.select("value").collect(engine="streaming").to_series()

    def _code(self, name: str, values: Any) -> Any:
        pl = self.pl
        return pl.col(name).cast(pl.Enum(values), strict=False).to_physical().cast(pl.Int32) + 2

    def encode(self) -> Iterator[Any]:
        height = self.log.select(self.pl.len()).collect().item()
        for start in range(0, height, self.rows):
            yield self.log.slice(start, self.rows).select(self.encoded).collect()

    def vocabularies(self) -> Sequence[Sequence[str]]:
        return [one.to_list() for one in self.values]


class PolarsInMemory(Polars):
    """As `Polars`, with the file read once, whole."""

    name = "Polars, in memory"

    def fit(self) -> None:
        self.log = self.log.select(READ).collect().lazy()
        super().fit()

    def encode(self) -> Iterator[Any]:
        yield self.log.select(self.encoded).collect()


class Pandas(_Frames):
    """Category codes, by text: missing and unseen are both -1."""

    name, needs = "pandas", ("pandas", "pyarrow.dataset", "pyarrow.parquet")

    def prepare(self, path: Path) -> None:
        import pandas

        self.pandas, self.path = pandas, path

    def fit(self) -> None:
        frame = self.pandas.read_parquet(self.path, columns=READ)
        numbers = frame[list(NUMERICS)].to_numpy(np.float64)
        self.numbers = np.sign(numbers) * np.log1p(np.abs(numbers))
        self.mean, self.std = np.nanmean(self.numbers, 0), np.nanstd(self.numbers, 0)
        self.ids = {name: frame[name].astype("category") for name in IDS}

    def encode(self) -> Iterator[Any]:
        scaled = np.nan_to_num((self.numbers - self.mean) / self.std).astype(np.float32)
        columns = dict(zip(NUMERICS, scaled.T, strict=True))
        codes = {name: one.cat.codes.to_numpy(np.int32) for name, one in self.ids.items()}
        yield self.pandas.DataFrame(columns | codes, copy=False)

    def vocabularies(self) -> Sequence[Sequence[str]]:
        return [one.cat.categories.to_list() for one in self.ids.values()]


class ScikitLearn(Rival):
    """OrdinalEncoder, by text, and StandardScaler, over a frame that pandas reads."""

    name, needs = "scikit-learn", ("sklearn.preprocessing", *Pandas.needs)

    def prepare(self, path: Path) -> None:
        import pandas
        from sklearn.preprocessing import OrdinalEncoder, StandardScaler

        self.pandas, self.path, self.scaler = pandas, path, StandardScaler(copy=False)
        self.ordinal = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=-1,
            encoded_missing_value=-2,
            dtype=np.int32,
        )

    def fit(self) -> None:
        self.frame = self.pandas.read_parquet(self.path, columns=READ)
        numbers = self.frame[list(NUMERICS)].to_numpy(np.float64)
        self.numbers = np.sign(numbers) * np.log1p(np.abs(numbers))
        self.scaler.fit(self.numbers)
        self.ordinal.fit(self.frame[list(IDS)])

    def encode(self) -> Iterator[Any]:
        scaled = np.nan_to_num(self.scaler.transform(self.numbers)).astype(np.float32)
        yield self.ordinal.transform(self.frame[list(IDS)]), scaled

    def vocabularies(self) -> Sequence[Sequence[str]]:
        return [[one for one in known if one == one] for known in self.ordinal.categories_]

    def tail(self, piece: Any, rows: int) -> tuple[Array, Array]:
        codes, numbers = piece
        return codes[-rows:], numbers[-rows:]


class Keras(Rival):
    """StringLookup and Normalization, a layer a column.

    What `adapt` does to each batch, in one pass for all columns: `adapt` itself would take a pass
    a column, at more than twice the time.
    """

    name, needs = "tf-keras", ("tf_keras", "models.keras", "pyarrow.parquet")

    def prepare(self, path: Path) -> None:
        import pyarrow.parquet as parquet

        from models.keras import keras, tf

        self.path, self.parquet, self.tf = path, parquet, tf
        self.lookups = [keras.layers.StringLookup(mask_token="") for _ in IDS]
        self.scales = [keras.layers.Normalization(axis=None) for _ in NUMERICS]
        self.layers = tf.function(self._layers, reduce_retracing=True)

    def _pieces(self, columns: Sequence[str]) -> Iterator[list[Array]]:
        """Columns as arrays: text with "" where it is missing, numbers with NaN."""
        with self.parquet.ParquetFile(self.path) as file:
            for batch in file.iter_batches(ROWS, columns=columns):
                yield [
                    batch[name].fill_null("").to_numpy(zero_copy_only=False)
                    if name in IDS
                    else batch[name].to_numpy(zero_copy_only=False).astype(np.float32)
                    for name in columns
                ]

    def fit(self) -> None:
        layers = [*self.scales, *self.lookups]
        for scale in self.scales:
            scale.build([None])
        for piece in self._pieces(READ):
            for layer, values in zip(layers, piece, strict=True):
                layer.update_state(self.tf.convert_to_tensor(self._present(values)))
        for layer in layers:
            layer.finalize_state()

    def _present(self, values: Array) -> Any:
        return values if values.dtype == object else self._logged(values[np.isfinite(values)])

    def _logged(self, number: Any) -> Any:
        return self.tf.sign(number) * self.tf.math.log1p(self.tf.abs(number))

    def _layers(self, numbers: Sequence[Any], ids: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        tf = self.tf
        scaled = [scale(self._logged(x)) for scale, x in zip(self.scales, numbers, strict=True)]
        codes = [lookup(x) for lookup, x in zip(self.lookups, ids, strict=True)]
        return codes, [tf.where(tf.math.is_nan(x), 0.0, x) for x in scaled]

    def encode(self) -> Iterator[Any]:
        for piece in self._pieces(READ):
            tensors = [self.tf.convert_to_tensor(one) for one in piece]
            yield self.layers(tensors[: len(NUMERICS)], tensors[len(NUMERICS) :])

    def vocabularies(self) -> Sequence[Sequence[str]]:
        # get_vocabulary begins with the missing and the unseen one.
        return [one.get_vocabulary()[2:] for one in self.lookups]

    def tail(self, piece: Any, rows: int) -> tuple[Array, Array]:
        codes, numbers = (np.stack([one[-rows:].numpy() for one in part], 1) for part in piece)
        return codes, numbers


class KerasAdapt(Keras):
    """The same layers by `adapt`, as their documentation has it: a pass a column, in memory."""

    name = "tf-keras, adapt"

    def fit(self) -> None:
        table = self.parquet.read_table(self.path, columns=READ)
        for layer, name in zip([*self.scales, *self.lookups], READ, strict=True):
            layer.adapt(self._adapted(table[name], name), batch_size=ROWS)

    def _adapted(self, column: Any, name: str) -> Any:
        if name in IDS:
            return column.fill_null("").to_numpy()
        numbers = column.to_numpy().astype(np.float32)
        return self._logged(numbers[np.isfinite(numbers)])


_ALL = (Crossrank, Polars, PolarsInMemory, Pandas, ScikitLearn, Keras, KerasAdapt)
RIVALS: dict[str, type[Rival]] = {one.name: one for one in _ALL}
