"""Chunks as Parquet: the click log, and the truth beside it row by row."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.simulator.traffic import Chunk
from pipelines.simulator.world import AGES, COUNTRIES, DEVICES, Ints, World

# Written through dictionaries for speed; read back as plain strings (store_schema=False).
_WORD: Final = pa.dictionary(pa.int32(), pa.string())

LOG_SCHEMA: Final = pa.schema(
    [
        ("query_id", pa.int64()),
        ("position", pa.int32()),
        ("timestamp", pa.int64()),
        ("user_id", _WORD),
        ("user_country", _WORD),
        ("user_age", _WORD),
        ("device", _WORD),
        ("hour", pa.int32()),
        ("item_id", _WORD),
        ("item_category", _WORD),
        ("item_brand", _WORD),
        ("item_price", pa.float64()),
        ("item_age_days", pa.float64()),
        ("history", pa.list_(_WORD)),
        ("click", pa.int8()),
    ]
)
TRUTH_SCHEMA: Final = pa.schema(
    [
        ("query_id", pa.int64()),
        ("position", pa.int32()),
        ("relevance", pa.float64()),
        ("examination", pa.float64()),
        ("click_probability", pa.float64()),
    ]
)
_PROBABILITIES: Final = ("relevance", "click_probability")  # nearly all distinct


class LogTable:
    """Turns chunks of one world into Arrow tables, a row an impression."""

    def __init__(self, world: World) -> None:
        users, items = world.users, world.items
        self._world = world
        self._user_id = _names("u", users.count)
        self._item_id = _names("i", items.count)
        self._category = _names("c", int(items.category.max()) + 1)
        self._brand = _names("b", int(items.brand.max()) + 1)
        self._country, self._age, self._device = map(pa.array, (COUNTRIES, AGES, DEVICES))

    def log(self, chunk: Chunk) -> Any:
        """The `LOG_SCHEMA` table of a chunk, `n * list` rows."""
        queries, users, items = chunk.queries, self._world.users, self._world.items
        length, item = chunk.item.shape[1], chunk.item.ravel()
        user = np.repeat(queries.user, length)
        age = items.age_days(chunk.item, queries.timestamp).ravel()
        columns = [
            *_places(chunk),
            np.repeat(queries.timestamp, length),
            _words(user, self._user_id),
            _words(users.country[user], self._country),
            _words(users.age[user], self._age),
            _words(np.repeat(queries.device, length), self._device),
            np.repeat(queries.hour, length).astype(np.int32),
            _words(item, self._item_id),
            _words(items.category[item], self._category),
            _words(items.brand[item], self._brand),
            pa.array(items.price[item], mask=chunk.price_missing.ravel()),
            age,
            self._history(chunk.history, length),
            chunk.click.ravel().astype(np.int8),
        ]
        return _table(columns, LOG_SCHEMA)

    def truth(self, chunk: Chunk) -> Any:
        """The `TRUTH_SCHEMA` table of a chunk, in the row order of the log."""
        columns = [
            *_places(chunk),
            chunk.relevance.ravel(),
            chunk.examination.ravel(),
            chunk.click_probability.ravel(),
        ]
        return _table(columns, TRUTH_SCHEMA)

    def _history(self, history: Ints, length: int) -> Any:
        repeated = np.repeat(history, length, axis=0)
        real = repeated >= 0
        ends = np.cumsum(real.sum(axis=1))
        offsets = pa.array(np.concatenate([[0], ends]).astype(np.int32))
        return pa.ListArray.from_arrays(offsets, _words(repeated[real], self._item_id))


def parquet_writer(path: Path, schema: Any) -> Any:
    """A `pyarrow.parquet.ParquetWriter` to `path`, a context manager, for either schema."""
    path.parent.mkdir(exist_ok=True)
    names = schema.names
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        store_schema=False,
        use_dictionary=[_leaf(name) for name in names if name not in _PROBABILITIES],
        column_encoding={n: "BYTE_STREAM_SPLIT" for n in _PROBABILITIES if n in names} or None,
    )


def _leaf(name: str) -> str:
    return f"{name}.list.element" if name == "history" else name


def _places(chunk: Chunk) -> tuple[Ints, NDArray[np.int32]]:
    """Query ids and positions from 1."""
    count, length = chunk.item.shape
    query = np.arange(chunk.first_query, chunk.first_query + count, dtype=np.int64)
    return np.repeat(query, length), np.tile(np.arange(1, length + 1, dtype=np.int32), count)


def _table(columns: list[Any], schema: Any) -> Any:
    arrays = [pa.array(c) if isinstance(c, np.ndarray) else c for c in columns]
    return pa.Table.from_arrays(arrays, schema=schema)


def _names(prefix: str, count: int) -> Any:
    width = len(str(count - 1))
    return pa.array([f"{prefix}{k:0{width}d}" for k in range(count)])


def _words(index: Ints, names: Any) -> Any:
    """Strings as indices into those of the names that occur, for a file stores them all."""
    used = np.zeros(len(names), dtype=np.bool_)
    used[index] = True
    code = np.cumsum(used, dtype=np.int32) - 1
    present = names.take(pa.array(np.flatnonzero(used)))
    return pa.DictionaryArray.from_arrays(pa.array(code[index].astype(np.int32)), present)
