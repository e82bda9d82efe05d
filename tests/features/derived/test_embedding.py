import os
import shutil
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from features.derivation import with_derived
from features.derived.embedding import Embedding
from features.derived.static_model import FILES, digest, load
from features.errors import ConfigError, SchemaError
from features.fit import fit
from features.schema import Schema
from tests.features.static_model import DIM, WORDS, save

model2vec = pytest.importorskip("model2vec")

LONG_AND_SHORT = ("extraordinary", "unbelievable", "a", "b")  # with [UNK], a median of 5

ORDER = np.random.default_rng(0)
LONG = "blue hat " * 1_200  # 10,800 characters
TEXTS = ["blue hat", "hat", "🦀", "🦀 blue 🦀🦀", "a b x 7 hat", "unknown words", " ", LONG]
TEXTS += [" ".join(ORDER.choice(WORDS, size)) for size in ORDER.integers(1, 40, 200)]


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return save(tmp_path / "model")


def embeddings(values: Any, model: str, **options: Any) -> pl.Series:
    frame = pl.DataFrame({"text": values}, strict=False)
    made = Embedding(name="x", column="text", model=model, **options)
    return frame.select(made.expression(frame.schema)).to_series()


@pytest.mark.parametrize("max_length", [1, 3, 512, 32_768])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8])
def test_agrees_with_model2vec(tmp_path: Path, dtype: Any, max_length: int) -> None:
    vectors = (ORDER.standard_normal((len(WORDS) + 1, 64)) * 9).astype(dtype)
    model = save(tmp_path, vectors=vectors, normalize=max_length > 1)
    found = embeddings(TEXTS, model, max_length=max_length)
    assert found.dtype == pl.List(pl.Float32)
    expected = model2vec.StaticModel.from_pretrained(model).encode(TEXTS, max_length=max_length)
    assert np.array_equal(found.list.to_array(64).to_numpy(), expected.astype(np.float32))
    for row, text in enumerate(TEXTS):
        assert embeddings([text], model, max_length=max_length).equals(found[row : row + 1])


def test_means_by_hand(folder: str) -> None:
    blue, hat, both, repeated, unknown = embeddings(
        ["blue", "hat", "blue hat", "hat blue, hat!", "no such words"], folder
    )
    np.testing.assert_allclose(both, (blue + hat) / 2, rtol=1e-6)
    np.testing.assert_allclose(repeated, (blue + 2 * hat) / 3, rtol=1e-6)
    assert unknown.to_list() == [0] * DIM


def test_long_texts_are_cut(tmp_path: Path) -> None:
    """After so many tokens, and so many times the median length of a token in characters, 5."""
    model = save(tmp_path, words=LONG_AND_SHORT)
    cut = embeddings(["a b b b b", "a b", " " * 9 + "a b"], model, max_length=2)
    assert cut[0].equals(cut[1])
    assert cut[2].equals(embeddings(["a"], model)[0])
    assert not embeddings(["a b b"], model)[0].equals(cut[0])


def test_missing_texts_have_no_embedding(folder: str) -> None:
    found = embeddings([None, "hat", "", "hat", None], folder)
    assert found.is_null().to_list() == [True, False, True, False, True]
    assert found[1].equals(found[3])
    for values in ([None, None], ["", None], [float("nan")]):
        assert embeddings(values, folder).to_list() == [None] * len(values)
    assert embeddings([], folder).dtype == pl.List(pl.Float32)


def test_numbers_are_texts(folder: str) -> None:
    expected = embeddings(["7", None], folder)
    for values in ([7, None], [7.0, None], pl.Series(["7", None], dtype=pl.Categorical)):
        assert embeddings(values, folder).equals(expected)
    with pytest.raises(SchemaError, match="Column 'text' must hold text"):
        embeddings([["a"]], folder)


def test_numbers_that_are_not_finite_are_missing(tmp_path: Path) -> None:
    vectors = np.ones((3, 2), np.float32)
    vectors[1, 0] = np.inf
    model = save(tmp_path, words=("bad", "good"), vectors=vectors)
    assert embeddings(["good", "bad", "good bad"], model).to_list() == [[1, 1], None, None]


def test_each_text_is_encoded_once(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    encode = model2vec.StaticModel.encode

    def spy(self: Any, sentences: list[str], **options: Any) -> Any:
        seen.extend(sentences)
        return encode(self, sentences, **options)

    monkeypatch.setattr(model2vec.StaticModel, "encode", spy)
    embeddings(["hat", "blue", "hat", None, "hat"] * 100, folder)
    assert sorted(seen) == ["blue", "hat"]


def test_a_model_is_loaded_once_and_anew_when_it_changes(folder: str) -> None:
    before, kept = load(folder), embeddings(["hat"], folder)
    assert load(folder) is before
    assert load(os.path.relpath(folder)).encode(pl.Series(["hat"]), 9).equals(kept)
    save(Path(folder), seed=1)
    assert load(folder) is not before
    assert not embeddings(["hat"], folder).equals(kept)


def test_callers_with_other_lengths_do_not_disturb_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`StaticModel.encode` of two threads at once cuts texts where the other one said."""
    model = load(save(tmp_path, words=LONG_AND_SHORT))
    texts, lengths = pl.Series(["a b b b b b b b"]), [2, 8] * 4
    expected = [model.encode(texts, length) for length in lengths]
    assert not expected[0].equals(expected[1])
    tokenize = model2vec.StaticModel.tokenize

    def slow(self: Any, sentences: list[str]) -> Any:
        time.sleep(0.02)
        return tokenize(self, sentences)

    monkeypatch.setattr(model2vec.StaticModel, "tokenize", slow)
    with ThreadPoolExecutor(len(lengths)) as pool:
        found = list(pool.map(lambda length: model.encode(texts, length), lengths))
    assert all(one.equals(other) for one, other in zip(found, expected, strict=True))


def test_nothing_is_sent(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise AssertionError("the network was asked for")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, refuse)
    assert (Path(folder) / "README.md").exists()
    assert embeddings(["hat"], folder).null_count() == 0
    with pytest.raises(ConfigError, match="must be a local folder"):
        embeddings(["hat"], "minishlab/potion-base-8M")


def test_the_digest_is_what_the_shell_prints(folder: str) -> None:
    if shutil.which("sha256sum") is None:
        pytest.skip("there is no sha256sum")
    command = f"sha256sum {' '.join(FILES)} | sha256sum"
    ran = subprocess.run(command, shell=True, cwd=folder, capture_output=True, check=True)
    assert ran.stdout.decode().split()[0] == digest(folder)


@pytest.mark.parametrize("name", FILES)
def test_another_model_than_the_pinned_one_is_refused(folder: str, name: str) -> None:
    pinned = digest(folder)
    assert embeddings(["hat"], folder, sha256=pinned).equals(embeddings(["hat"], folder))
    (Path(folder) / "README.md").write_text("what the model is called does not matter")
    assert digest(folder) == pinned
    path = Path(folder) / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ConfigError, match=f"{pinned}; it has {digest(folder)}. Put the model"):
        embeddings(["hat"], folder, sha256=pinned)


def test_what_is_no_model_is_refused(folder: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"has no config.json, .* hf download minishlab"):
        embeddings(["hat"], str(tmp_path / "absent\0"))
    path = Path(folder) / "model.safetensors"
    path.write_bytes(b"damaged")
    with pytest.raises(ConfigError, match="that model2vec loads; it says: .* Fetch it again"):
        embeddings(["hat"], folder)
    path.unlink()
    with pytest.raises(ConfigError, match=r"has no model.safetensors\. Models are not downloaded"):
        embeddings(["hat"], folder)


def test_without_the_extra(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "model2vec", None)
    with pytest.raises(ConfigError, match=r"pip install 'crossrank\[text\]'"):
        embeddings(["hat"], folder)


def test_it_is_imported_only_when_it_is_used() -> None:
    code = "import features.schema, sys; assert not {'model2vec', 'tokenizers'} & {*sys.modules}"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_declared_wrongly() -> None:
    for options in ({"max_length": 0}, {"sha256": "abc"}, {"model": ""}, {"dim": 3}):
        with pytest.raises(ValidationError):
            Embedding.model_validate({"name": "x", "column": "text", "model": "m", **options})


def test_a_vector_reads_it(folder: str) -> None:
    derived = {"type": "embedding", "name": "meaning", "column": "title", "model": folder}
    vector = {"type": "vector", "column": "meaning", "dim": DIM, "normalize": True}
    frame = pl.DataFrame({"title": ["blue hat", None, "hat"]})
    schema = Schema.model_validate({"derived": [derived], "features": [vector]})
    assert schema.wants == {"title": "id"}
    encoded = fit(schema, [frame]).encode(frame)["meaning"].to_numpy()
    np.testing.assert_allclose(np.linalg.norm(encoded, axis=1), [1, 0, 1], rtol=1e-6)
    (declared,) = schema.derived
    assert with_derived(frame, [declared])["meaning"].is_null().to_list() == [False, True, False]
    wrong = Schema.model_validate({"derived": [derived], "features": [vector | {"dim": 3}]})
    with pytest.raises(SchemaError, match=f"declare `dim = {DIM}`"):
        fit(wrong, [frame]).encode(frame)
