"""One trained model and ranker, exported once a session in every form."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import orjson
import polars as pl
import pytest
import uvicorn

from features.batch import Batch
from features.cosines import Cosine, Cosines, Readable
from features.encoder import Encoder
from features.fit import fit
from features.schema import Schema
from pipelines.judge import judge_of, metric_of
from ranking.lambdamart.config import RankerConfig
from ranking.lambdamart.train import train
from ranking.query_data import QueryData
from serving.app import create_app
from serving.settings import Settings
from serving.tables.layout import TableLayout

ROWS = 600
SETTINGS = Settings()
JSON = {"content-type": "application/json"}
SCHEMA = {
    "label": "click",
    "query": "query",
    "position": "position",
    "features": [
        {"type": "id", "columns": ["user", "item", "ok"]},
        {"type": "numeric", "column": "price", "log": True},
        {"type": "numeric", "column": "age"},
        {"type": "sequence", "column": "history", "vocabulary": "item", "max_length": 4},
        {"type": "sequence", "column": "tags", "separator": "|", "max_length": 3},
    ],
}
COSINES = (
    Cosine(table="embedding", fields=("history", "item")),
    Cosine(table="embedding", fields=("user", "item")),
)


def raw_rows() -> pl.DataFrame:
    rng = np.random.default_rng(7)
    items = [f"i{n}" for n in range(20)]
    return pl.DataFrame(
        {
            "query": np.repeat(np.arange(ROWS // 10), 10),
            "position": np.tile(np.arange(10), ROWS // 10),
            "user": rng.integers(1, 30, ROWS),
            "item": rng.choice(items, ROWS),
            "ok": rng.random(ROWS) < 0.5,
            "price": rng.exponential(50, ROWS),
            "age": [None if rng.random() < 0.1 else int(rng.integers(18, 80)) for _ in range(ROWS)],
            "history": [list(rng.choice(items, rng.integers(0, 6))) for _ in range(ROWS)],
            "tags": ["|".join(rng.choice(list("abcd"), rng.integers(1, 4))) for _ in range(ROWS)],
            "click": rng.integers(0, 2, ROWS).astype(np.int8),
        }
    )


@dataclass(frozen=True)
class World:
    """What was trained, and the bundles made of it by name."""

    raw: pl.DataFrame
    encoder: Encoder
    model: Any
    bundles: dict[str, Path]

    def predict(self, raw: pl.DataFrame) -> np.ndarray:
        return self.model.predict([Batch.from_frame(self.encoder.encode(raw), self.encoder.layout)])


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    # TensorFlow takes seconds to import: only for the tests that need a model.
    from models.dcn_v2 import DCNv2
    from models.model import Model
    from models.optimizers.groups import Optimizers
    from models.trainer import Trainer
    from serving.export import Trained, export

    raw = raw_rows()
    encoder = fit(Schema.model_validate(SCHEMA), [raw])
    encoded = encoder.encode(raw).with_columns(raw["click"])
    batch = Batch.from_frame(encoded, encoder.layout, label="click")
    model = Model(DCNv2(dim=4, hidden=(8,), cross_layers=1), encoder.layout, Optimizers())
    trainer = Trainer(model)
    for _ in range(10):
        trainer.step(batch)
    odds = model.predict([batch])
    logits = np.log(odds / (1 - odds)).astype(np.float32)
    assert batch.label is not None

    def ranker(logits: np.ndarray | None, cosines: np.ndarray | None = None) -> Any:
        matrix = batch.matrix(logits, cosines)
        data = QueryData.of(matrix, batch.label, raw["query"], raw["position"])
        added = () if cosines is None else [one.name for one in COSINES]
        names = list(encoder.layout.matrix_names(logit=logits is not None, cosines=added))
        judge = judge_of(metric_of("nDCG@10"), data)
        return train(RankerConfig(rounds=5), names, data, data, judge, lambda *_: None)

    folder = tmp_path_factory.mktemp("bundles")
    golden = raw.drop("click").head(20)
    with_logit = ranker(logits)
    readable = Readable(model.lookups["embedding"].space, model.tables["embedding"].pull)
    with_cosines = ranker(logits, Cosines(encoder.layout, COSINES, {"embedding": readable})(batch))
    parts: dict[str, tuple[Any, Any, Any]] = {
        "float": (model, with_logit, "none"),
        "int8": (model, with_logit, "int8"),
        "ctr": (model, None, "none"),
        "ranker": (None, ranker(None), "none"),
        "cosines": (model, with_cosines, "none"),
        "cosines-int8": (model, with_cosines, "int8"),
    }
    for name, (network, trees, quantize) in parts.items():
        trained = Trained(
            encoder,
            network,
            None if network is None else encoder.fingerprint,
            trees,
            golden,
            "d",
            {},
            "demo",
            "7",
            cosines=COSINES if name.startswith("cosines") else (),
        )
        export(trained, folder / name, stored(network, quantize))
    return World(raw, encoder, model, {name: folder / name for name in parts})


def stored(model: Any, quantize: Any) -> Any:
    """All tables in one storage, or none."""
    from serving.export import Stored

    if model is None or quantize == "none":
        return Stored("none", {}, "none")
    layouts = {
        name: TableLayout.uniform(table.rows, table.dim, quantize)
        for name, table in model.tables.items()
    }
    return Stored(quantize, layouts, "int8")


@contextmanager
def _running(
    bundle: Path, settings: Settings = SETTINGS, *, ready: bool = True
) -> Iterator[httpx.Client]:
    """A client of a server in a thread of this process."""
    config = uvicorn.Config(
        create_app(bundle, settings), port=0, log_config=None, lifespan="on", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        _wait_until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=JSON) as client:
            if ready:
                _wait_until(lambda: client.get("/readyz").status_code == 200)
            yield client
    finally:
        server.should_exit = True
        thread.join()


def _wait_until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.01)


@pytest.fixture(scope="session")
def client(world: World) -> Iterator[httpx.Client]:
    with _running(world.bundles["float"]) as client:
        yield client


@pytest.fixture(scope="session")
def columns(world: World) -> dict[str, list[Any]]:
    """The raw features of the first 20 rows, as lists."""
    return world.raw.head(20).select(world.encoder.schema.columns).to_dict(as_series=False)


def _post(client: httpx.Client, document: Any, route: str = "/v1/score") -> Any:
    """The answer to a body that must be accepted."""
    body = orjson.dumps(document) if isinstance(document, dict) else document
    answer = client.post(route, content=body)
    assert answer.status_code == 200, answer.text
    return orjson.loads(answer.content)


@pytest.fixture(name="post", scope="session")
def post_fixture() -> Any:
    return _post


@pytest.fixture(name="running", scope="session")
def running_fixture() -> Any:
    return _running


@pytest.fixture(name="wait_until", scope="session")
def wait_until_fixture() -> Any:
    return _wait_until
