"""torch by hand: sparse gradients on AdaGrad, dense ones on Adam, and FBGEMM's fused tables.

FBGEMM's are the tables that torchrec puts in a model: they update their rows while gradients flow
back. All else is alike.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import torch
from torch import nn

from benchmarks.training.task import CROSSES, STDDEV, Floats, Task
from benchmarks.training.trainee import DENSE_RATE, EPSILON, START, Setting, Trainee
from features.batch import Batch

_PACK = 4


def autocast(setting: Setting) -> Any:
    return torch.autocast("cpu", torch.bfloat16, enabled=setting.bfloat16)


class _Top(nn.Module):
    """The dense part: (rows, width), and of Wide&Deep the sum of first-order weights, to logits."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        width, hidden = task.width, task.hidden
        layers = CROSSES if not task.wide else 0
        self._crosses = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        pairs = zip((width, *hidden), hidden, strict=False)
        self._deep = nn.Sequential(*(one for i, o in pairs for one in (nn.Linear(i, o), nn.ReLU())))
        self._head = nn.Linear((0 if task.wide else width) + hidden[-1], 1)
        for one in self.modules():
            if isinstance(one, nn.Linear):
                nn.init.xavier_normal_(one.weight)
                nn.init.zeros_(one.bias)

    def forward(self, first: Any, wide: Any = 0.0) -> Any:
        crossed = first
        for layer in self._crosses:
            crossed = torch.addcmul(crossed, first, layer(crossed))
        deep = self._deep(first)
        last = torch.cat([crossed, deep], 1) if self._crosses else deep
        return self._head(last)[:, 0].float() + wide


class _Tables(nn.Module):
    """(rows, fields) ids to (rows, fields * dim) weights, of one table or a table a field."""

    def __init__(self, task: Task, dim: int, stddev: float, setting: Setting, sparse: bool) -> None:
        super().__init__()
        sizes = [task.rows] if setting.fused else task.sizes
        self._starts = torch.tensor(task.starts) if setting.fused else None
        self.tables = nn.ModuleList(nn.Embedding(size, dim, sparse=sparse) for size in sizes)
        for one in self.tables:
            nn.init.normal_(one.weight, std=stddev)

    def forward(self, ids: Any) -> Any:
        if self._starts is not None:
            return self.tables[0](ids + self._starts).flatten(1)
        return torch.cat([one(ids[:, i]) for i, one in enumerate(self.tables)], 1)


class _Torch(Trainee):
    """Learns from a batch: forward, backward, and a step of each optimizer."""

    def __init__(self, task: Task, setting: Setting, rate: float) -> None:
        super().__init__(task, setting, rate)
        torch.manual_seed(0)
        torch.sparse.check_sparse_tensor_invariants.disable()  # its default, which it warns about
        self._tables = self._made(task.dim, STDDEV)
        self._wide = self._made(1, 0.0) if task.wide else None
        self._top = _Top(task)
        self._run = torch.compile(self._top) if setting.compiled else self._top
        self._optimizers = self._rules([one for one in (self._tables, self._wide) if one])

    def _made(self, dim: int, stddev: float) -> Any:
        return _Tables(self.task, dim, stddev, self.setting, sparse=True)

    def _rules(self, tables: list[Any]) -> list[Any]:
        rows = [weight for one in tables for weight in one.parameters()]
        sparse = {"lr": self.rate, "initial_accumulator_value": START, "eps": EPSILON}
        return [torch.optim.Adagrad(rows, **sparse), self._adam([])]

    def _adam(self, rows: list[Any]) -> Any:
        # Fused: one kernel for each weight, not one for each operation.
        groups = [{"params": list(self._top.parameters()), "lr": DENSE_RATE}]
        groups += [{"params": rows, "lr": self.rate}] if rows else []
        return torch.optim.Adam(groups, fused=True)

    def _logits(self, batch: Batch) -> Any:
        ids, numerics = torch.from_numpy(batch.ids), torch.from_numpy(batch.numerics)
        first = torch.cat([self._tables(ids), numerics], 1)
        wide = self._wide(ids).sum(1) if self._wide is not None else 0.0
        with autocast(self.setting):
            return self._run(first, wide)

    def stepper(self, batches: Sequence[Batch]) -> Callable[[], float]:
        following = cycle(batches)

        def step() -> float:
            batch = next(following)
            for optimizer in self._optimizers:
                optimizer.zero_grad()
            label = torch.from_numpy(batch.label)
            loss = nn.functional.binary_cross_entropy_with_logits(self._logits(batch), label)
            loss.backward()
            for optimizer in self._optimizers:
                optimizer.step()
            return float(loss.detach())

        return step

    def predict(self, batch: Batch) -> Floats:
        with torch.no_grad():
            found: Floats = self._logits(batch).numpy()
        return found


class Sparse(_Torch):
    """nn.Embedding(sparse=True) on AdaGrad."""


class Dense(_Torch):
    """nn.Embedding on Adam, which moves every row at every step."""

    def _made(self, dim: int, stddev: float) -> Any:
        return _Tables(self.task, dim, stddev, self.setting, sparse=False)

    def _rules(self, tables: list[Any]) -> list[Any]:
        return [self._adam([weight for one in tables for weight in one.parameters()])]


class _Fused(nn.Module):
    """FBGEMM's tables, which hold their AdaGrad and learn in the backward pass."""

    def __init__(self, task: Task, dim: int, stddev: float, rate: float) -> None:
        super().__init__()
        importlib.import_module("fbgemm_gpu")
        common = importlib.import_module("fbgemm_gpu.split_table_batched_embeddings_ops_common")
        training = importlib.import_module("fbgemm_gpu.split_table_batched_embeddings_ops_training")
        configs = importlib.import_module("fbgemm_gpu.split_embedding_configs")
        place = common.EmbeddingLocation.HOST, training.ComputeDevice.CPU
        self._table = training.SplitTableBatchedEmbeddingBagsCodegen(
            [(size, dim, *place) for size in task.sizes],
            optimizer=configs.EmbOptimType.EXACT_ADAGRAD,
            learning_rate=rate,
            eps=EPSILON,
            bounds_check_mode=common.BoundsCheckMode.NONE,
        )
        for weight in self._table.split_embedding_weights():
            nn.init.normal_(weight, std=stddev)
        for state in self._table.split_optimizer_states():
            state[0].fill_(START)
        self._ends = torch.arange(task.fields * task.batch + 1)

    def forward(self, ids: Any) -> Any:
        # Values by field, then by row, one a bag.
        return self._table(ids.T.reshape(-1).long(), self._ends[: ids.numel() + 1])


class Fbgemm(_Torch):
    """FBGEMM's fused tables on AdaGrad; a first-order weight lies in the row of its embedding.

    A row's width must be a multiple of 4 there, so that Wide&Deep's rows carry 3 weights unused.
    """

    def _made(self, dim: int, stddev: float) -> Any:
        if dim == 1:
            return None
        return _Fused(self.task, dim + (_PACK if self.task.wide else 0), stddev, self.rate)

    def _rules(self, tables: list[Any]) -> list[Any]:  # noqa: ARG002
        return [self._adam([])]

    def _logits(self, batch: Batch) -> Any:
        rows, task = self._tables(torch.from_numpy(batch.ids)), self.task
        numerics, wide = torch.from_numpy(batch.numerics), 0.0
        if task.wide:
            rows = rows.view(batch.rows, task.fields, task.dim + _PACK)
            wide = rows[:, :, task.dim].sum(1)
            rows = rows[:, :, : task.dim].flatten(1)
        with autocast(self.setting):
            return self._run(torch.cat([rows, numerics], 1), wide)
