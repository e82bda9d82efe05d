"""crossrank as a contestant: `pipelines.train`, as a user calls it."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks.quality.journal import Entry, Key, Metrics
from benchmarks.quality.task import DIM, HIDDEN, Task
from pipelines.evaluate import evaluate_scores
from pipelines.metrics.parse import parse_metric
from pipelines.scoring import score
from pipelines.train import train

NAME = "crossrank"
L2 = (0.0, 0.03, 0.1)  # by the rows a batch touches

_DEEP = {"dim": DIM, "hidden": HIDDEN}
_CAN: dict[str, dict[str, Any]] = {
    "co-action": {
        "pairs": [
            {"item": "item_id", "user": "history"},
            {"item": "item_category", "user": "user_age"},
            {"item": "item_brand", "user": "user_country"},
        ]
    },
    "beauty": {
        "pairs": [{"item": "item_category", "user": "history_categories"}],
        "co_item_stddev": 0.0,
    },
}
_CO_ACTION = {"beauty": 5}  # its learning rate over that of the dense part, where not as embeddings
MODELS: dict[str, dict[str, Any]] = {
    "lr": {},
    "fm": {"dim": DIM},
    "fwfm": {"dim": DIM},
    "wide_deep": _DEEP,
    "deepfm": _DEEP,
    "nfm": _DEEP,
    "pnn": _DEEP,
    "dnn": _DEEP,
    "dcn": {**_DEEP, "cross_layers": 2},
    "dcn_v2": {**_DEEP, "cross_layers": 2},
    "dcn_mix": {**_DEEP, "cross_layers": 2, "experts": 4, "rank": 16},
    "xdeepfm": {**_DEEP, "maps": [32, 32], "split_half": False},
    "autoint": {**_DEEP, "attention_layers": 2, "heads": 2, "head_dim": 8},
    "afn": {**_DEEP, "neurons": 32},
    "dlrm": {**_DEEP, "bottom": [64]},
    "masknet": {"dim": DIM, "blocks": HIDDEN},
    "finalmlp": {**_DEEP, "hidden2": HIDDEN, "gate_hidden": [64]},
    "din": {**_DEEP, "attention": [36]},
    "dien": _DEEP,
    "can": _DEEP,
}


def _train_config(key: Key) -> dict[str, Any]:
    """Ours by default is AdaGrad, FTRL and Adam; their learning rates move together."""
    optimizers = {
        "embeddings": {"learning_rate": 20 * key.rate},
        "wide": {"learning_rate": 50 * key.rate},
        "dense": {"learning_rate": key.rate},
        "co_action": {"learning_rate": _CO_ACTION.get(key.dataset, 20) * key.rate},
    }
    l2 = {"embeddings": key.l2, "wide": key.l2}
    return {"optimizers": optimizers, "l2": l2, "seed": key.seed}


def run(task: Task, key: Key, folder: Path) -> Entry:
    """One training; the test part is scored if its stage says so."""
    import tensorflow as tf

    if not tf.config.threading.get_intra_op_parallelism_threads():
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    began = time.perf_counter()
    model = {"type": key.model, **MODELS[key.model]}
    if key.model == "can":
        model |= _CAN[task.name]
    config = task.config(folder, model, _train_config(key))
    out = folder / f"run-{os.getpid()}"
    shutil.rmtree(out, ignore_errors=True)
    made = train(config, out, lambda *_: None)
    found = {"valid": _metrics(task, made, "valid"), "test": None}
    if key.stage == "test":
        found["test"] = _metrics(task, made, "test")
    epoch = _best(task, made.folder)
    shutil.rmtree(out)
    return Entry(key, task.budget, epoch, **found, seconds=time.perf_counter() - began)


def _best(task: Task, folder: Path) -> int:
    epochs = json.loads((folder / "history.json").read_text())["epochs"]
    sign = 1 if task.higher_is_better else -1
    return int(max(epochs, key=lambda one: sign * one[task.metrics[0]])["epoch"])


def _metrics(task: Task, made: Any, part: str) -> Metrics:
    scored = score(made.prepared.part(part), made.model, None)
    return evaluate_scores(scored, [parse_metric(one) for one in task.metrics])["ctr"]
