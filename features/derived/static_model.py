"""A static embedding model (model2vec) in a local folder, loaded once a process."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from features.errors import ConfigError
from features.suggest import listing

if TYPE_CHECKING:
    from model2vec import StaticModel

FILES = ("config.json", "model.safetensors", "tokenizer.json")  # all that is read as the model
LISTS = pl.List(pl.Float32)

_ROOM = 2**15  # tokens at once: so many vectors lie side by side before they are averaged
_KEPT = 8

Stamp = tuple[int, int, int]


class Loaded:
    """A model in memory. Safe to call from several threads at once."""

    def __init__(self, model: StaticModel) -> None:
        self._model = model
        # `StaticModel.encode` sets its tokenizer's length and then sets it back: with two callers
        # at once, texts would be cut where the other one said.
        self._lock = Lock()

    def encode(self, texts: pl.Series, max_length: int) -> pl.Series:
        """Embeddings, List(Float32); null for null, and where a number is not finite."""
        distinct = texts.drop_nulls().unique()
        if distinct.is_empty():
            return pl.repeat(None, len(texts), dtype=LISTS, eager=True)
        sentences = distinct.to_list()
        with self._lock, np.errstate(all="ignore"):
            vectors = self._model.encode(
                sentences,
                max_length=max_length,
                batch_size=max(1, _ROOM // max_length),
                use_multiprocessing=False,
            ).astype(np.float32)
        lists = pl.Series(vectors, dtype=pl.Array(pl.Float32, vectors.shape[1])).cast(LISTS)
        known = pl.DataFrame({"text": distinct, "vector": lists})
        known = known.filter(pl.Series(np.isfinite(vectors).all(axis=1)))
        rows = texts.alias("text").to_frame()
        return rows.join(known, on="text", how="left", maintain_order="left")["vector"]


def load(model: str, sha256: str | None = None) -> Loaded:
    """The model in a folder, whose `digest` must be `sha256` where that is given.

    Raises:
        ConfigError: model2vec is not installed, or the folder does not hold that model.
    """
    try:
        import_module("model2vec")
    except ImportError as cause:
        raise ConfigError(
            "Embeddings of texts are made by model2vec, which is not installed; install the extra "
            "text: pip install 'crossrank[text]'."
        ) from cause
    found = digest(model)
    if sha256 not in (None, found):
        raise ConfigError(
            f"The model {model!r} must have the sha256 {sha256}; it has {found}. Put the model "
            f'that was pinned in its place, or pin this one, sha256 = "{found}", and train again.'
        )
    return _loaded(Path(model).absolute(), found)


def digest(model: str) -> str:
    """What `sha256sum config.json model.safetensors tokenizer.json | sha256sum` prints in it.

    Raises:
        ConfigError: the folder does not hold a model's files.
    """
    folder = Path(model).absolute()
    absent = [name for name in FILES if not (folder / name).is_file()]
    if absent:
        raise ConfigError(
            f"The model {model!r} must be a local folder with {listing(FILES)}; {folder} has no "
            f"{listing(absent)}. Models are not downloaded at run time. Fetch one beforehand: hf "
            f"download minishlab/potion-base-8M {' '.join(FILES)} --local-dir FOLDER."
        )
    try:
        return _digest(folder, tuple(_stamp(folder / name) for name in FILES))
    except OSError as cause:
        raise ConfigError(f"The model {model!r} must be readable; {cause}.") from cause


def _stamp(path: Path) -> Stamp:
    """Another one where the file was changed."""
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


@lru_cache(maxsize=_KEPT)
def _digest(folder: Path, stamps: tuple[Stamp, ...]) -> str:  # noqa: ARG001
    lines = []
    for name in FILES:
        with (folder / name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


@lru_cache(maxsize=_KEPT)
def _loaded(folder: Path, sha256: str) -> Loaded:  # noqa: ARG001
    from model2vec import StaticModel

    try:
        return Loaded(StaticModel.from_pretrained(folder, force_download=False))
    except Exception as cause:  # the libraries below it raise plain ones
        raise ConfigError(
            f"The model in {folder} must be one that model2vec loads; it says: {cause}. Fetch it "
            "again."
        ) from cause
