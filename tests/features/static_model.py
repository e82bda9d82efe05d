"""A tiny static embedding model in a folder of its own, made anew for each process."""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

INSTALLED = find_spec("model2vec") is not None  # the extra `text`
DIM = 5
WORDS = ("a", "b", "x", "7", "0", "1", "Oslo", "é", "long", "text", "null", "blue", "hat", "🦀")


def save(folder: Path, *, seed: int = 0, words: Sequence[str] = WORDS, **options: Any) -> str:
    """Write the model whose words have random vectors, all others none; returns the folder."""
    from model2vec import StaticModel
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    known = {word: place for place, word in enumerate(["[UNK]", *words])}
    tokenizer = Tokenizer(WordLevel(known, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()  # type: ignore[assignment]
    vectors = np.random.default_rng(seed).standard_normal((len(known), DIM)).astype(np.float32)
    StaticModel(options.pop("vectors", vectors), tokenizer, **options).save_pretrained(folder)
    return str(folder)


@lru_cache
def static_folder() -> str:
    """The folder of a model that brings its vectors to length 1."""
    folder = TemporaryDirectory(prefix="static-model-")
    atexit.register(folder.cleanup)
    return save(Path(folder.name), normalize=True)
