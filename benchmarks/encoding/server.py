"""A process of the request path: `python -m benchmarks.encoding.server WHAT FOLDER`.

Who starts it chooses its cores, and POLARS_MAX_THREADS. Answers are JSON lines.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.encoding.log import IDS, NUMERICS, distinct
from features.encoder import Encoder
from features.schema import Schema
from features.state import State
from features.store import load, save
from features.vocabulary import Vocabulary

ROWS = (1, 100, 500)
CONTEXT = (*NUMERICS[:7], *IDS[:13])  # 20 columns of the user's
_POOL, _TURNS = 64, 20  # requests of each kind, and turns that kinds take
_MISSING, _UNSEEN = 0.05, 0.02

Columns = dict[str, pl.Series]


def build(folder: Path, values: int) -> None:
    """Save an encoder of the columns of the log, each id with so many values."""
    numerics = {"type": "numeric", "columns": NUMERICS, "log": True}
    schema = Schema.model_validate({"features": [numerics, {"type": "id", "columns": IDS}]})
    scale = State({"shift": 2.0, "scale": 1.5, "missing": 2.0})
    states = {f"numeric:{name}": scale for name in NUMERICS}
    for i, name in enumerate(IDS):
        states[name] = State(vocabulary=Vocabulary.of(distinct(i, values)))
    save(Encoder(schema, states), folder)


def answer(folder: Path, calls: int) -> None:
    """Print the median and the 99th percentile, in ms, of a request of each kind."""
    encoder = load(folder)
    known = {name: _known(encoder.states[name].vocabulary) for name in IDS}
    kinds = {
        f"rows: {rows}, columns in the context: {len(context)}": _request(
            encoder, known, context, rows
        )
        for rows in ROWS
        for context in ((), CONTEXT)
    }
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for request in kinds.values():
        for _ in range(_POOL):
            request()
    for _ in range(_TURNS):
        for kind, request in kinds.items():
            for _ in range(-(-calls // _TURNS)):
                start = time.perf_counter()
                request()
                times[kind].append(1e3 * (time.perf_counter() - start))
    print(json.dumps({one: np.quantile(took, [0.5, 0.99]).tolist() for one, took in times.items()}))


def _known(vocabulary: Vocabulary | None) -> pl.Series:
    assert vocabulary is not None
    return vocabulary.values


def _request(
    encoder: Encoder, ids: Mapping[str, pl.Series], context: Sequence[str], rows: int
) -> Callable[[], object]:
    """A call that encodes the next of some requests: numbers as Float64, ids as String.

    ids: those to draw from by Zipf's law. context: the columns with one value for all rows.
    """
    random = np.random.default_rng([3, rows])

    def drawn(names: Sequence[str], rows: int) -> Columns:
        return {
            name: _id(ids[name], random, rows) if name in ids else _number(random, rows)
            for name in names
        }

    own = [name for name in (*NUMERICS, *IDS) if name not in context]
    pool = cycle([(drawn(context, 1), drawn(own, rows)) for _ in range(_POOL)])
    return lambda: encoder.request(*next(pool), rows)


def _id(known: pl.Series, random: np.random.Generator, rows: int) -> pl.Series:
    ranks = (len(known) ** random.random(rows)).astype(np.int64) - 1  # as 1 / rank
    unseen = pl.Series(random.random(rows) < _UNSEEN)
    return _holed(known.gather(ranks).set(unseen, "never seen"), random)


def _number(random: np.random.Generator, rows: int) -> pl.Series:
    return _holed(pl.Series(random.lognormal(1.0, 1.5, rows)), random)


def _holed(values: pl.Series, random: np.random.Generator) -> pl.Series:
    return values.set(pl.Series(random.random(len(values)) < _MISSING), None)


def hold(folder: Path, rows: int) -> None:
    """Load, encode one request, print the seconds; print the memory once a line comes in."""
    before, start = _memory(), time.perf_counter()
    encoder = load(folder)
    seconds = time.perf_counter() - start
    few = pl.Series([f"{one:08x}" for one in range(1000)])  # the files of values stay unread
    _request(encoder, dict.fromkeys(IDS, few), (), rows)()
    print(json.dumps({"load_seconds": seconds}), flush=True)
    input()
    found = _memory()
    grown = {f"{name}_before": value for name, value in before.items()}
    print(json.dumps(found | grown), flush=True)
    input()  # the other one counts our pages as shared until it has counted


def _memory() -> dict[str, float]:
    """MB held, by /proc/self/smaps_rollup; Pss shares a page among those who map it."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()[1:]
    parts = {name: int(size) for name, size, _ in map(str.split, lines)}
    private = parts["Private_Clean:"] + parts["Private_Dirty:"]
    sizes = {"rss_mb": parts["Rss:"], "pss_mb": parts["Pss:"], "private_mb": private}
    return {name: size * 1024 / 1e6 for name, size in sizes.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["build", "answer", "hold"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int, help="values a column, calls, or rows")
    options = parser.parse_args()
    {"build": build, "answer": answer, "hold": hold}[options.what](options.folder, options.count)
