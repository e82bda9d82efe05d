"""FuxiCTR as a contestant: its layers and its way of training, over what crossrank encoded."""

from __future__ import annotations

import copy
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from torch import nn

from benchmarks.quality.fuxictr_models import MODELS, feature_map, initialise
from benchmarks.quality.journal import Entry, Key, Metrics
from benchmarks.quality.task import Task
from features.batch import Batch
from features.layout import Layout
from pipelines.evaluate import evaluate_scores
from pipelines.metrics.parse import parse_metric
from pipelines.scoring import PROBABILITY

NAME = "FuxiCTR"
L2 = (0.0, 1e-4, 3e-4)  # over whole tables, as its `embedding_regularizer` has it
_CLIP = 10.0  # its `max_gradient_norm`

Columns = dict[str, torch.Tensor]


def _columns(layout: Layout, batch: Batch) -> Columns:
    ids = torch.from_numpy(np.ascontiguousarray(batch.ids.T, np.int64))
    numerics = torch.from_numpy(np.ascontiguousarray(batch.numerics.T))
    found = dict(zip((one.name for one in layout.ids), ids, strict=True))
    return found | dict(zip(layout.numeric_names, numerics, strict=True))


def _penalty(module: nn.Module, l2: float) -> torch.Tensor:
    tables = [one.weight.flatten() for one in module.modules() if isinstance(one, nn.Embedding)]
    return l2 / 2 * sum(one.dot(one) for one in tables)


class Training:
    """Adam on everything, as FuxiCTR trains."""

    def __init__(self, task: Task, key: Key, layout: Layout) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(key.seed)
        self._task, self._key, self._layout = task, key, layout
        sizes = {one.name: layout.vocabularies[one.vocabulary] for one in layout.ids}
        self._module = MODELS[key.model](feature_map(sizes, layout.numeric_names))
        initialise(self._module)
        self._optimizer = torch.optim.Adam(self._module.parameters(), lr=key.rate, fused=True)

    def fit(self, train: Batch, valid: Batch) -> tuple[int, Metrics]:
        """The best epoch on validation, and its metrics; the module is then that epoch's."""
        task, shuffle = self._task, np.random.default_rng(self._key.seed)
        first = task.metrics[0]
        best, metrics, kept = 0, {}, {}
        for epoch in range(1, task.epochs + 1):
            order = shuffle.permutation(train.rows)
            for start in range(0, train.rows, task.batch_size):
                self._step(train.take(order[start : start + task.batch_size]))
            found = self.metrics(valid)
            if not best or task.better(found[first], metrics[first]):
                best, metrics, kept = epoch, found, copy.deepcopy(self._module.state_dict())
            elif epoch - best >= task.patience:
                break
        self._module.load_state_dict(kept)
        return best, metrics

    def _step(self, batch: Batch) -> None:
        self._module.train()
        self._optimizer.zero_grad()
        logits = self._module(_columns(self._layout, batch))[:, 0]
        label = torch.from_numpy(batch.label)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, label)
        if self._key.l2:
            loss = loss + _penalty(self._module, self._key.l2)
        loss.backward()
        nn.utils.clip_grad_norm_(self._module.parameters(), _CLIP)
        self._optimizer.step()

    def metrics(self, rows: Batch) -> Metrics:
        self._module.eval()
        with torch.no_grad():
            logits = [
                self._module(_columns(self._layout, rows.take(slice(start, start + 8192))))[:, 0]
                for start in range(0, rows.rows, 8192)
            ]
        probability = torch.sigmoid(torch.cat(logits)).numpy()
        scored = pl.DataFrame({"label": rows.label, PROBABILITY: probability})
        metrics = [parse_metric(one) for one in self._task.metrics]
        return evaluate_scores(scored, metrics)["ctr"]


def run(task: Task, key: Key, folder: Path) -> Entry:
    """One training; the test part is scored if its stage says so."""
    began = time.perf_counter()
    prepared = task.prepared(folder)
    parts: dict[str, Any] = {
        name: Batch.concat(list(prepared.part(name).batches(8192)))
        for name in ("train", "valid", *(["test"] if key.stage == "test" else []))
    }
    training = Training(task, key, prepared.part("train").layout)
    epoch, valid = training.fit(parts["train"], parts["valid"])
    test = training.metrics(parts["test"]) if key.stage == "test" else None
    return Entry(key, task.budget, epoch, valid, test, time.perf_counter() - began)
