"""DeepCTR-Torch: its model classes, optimizers and loss, by the statements inside its `fit`.

`fit` itself copies all rows to one float matrix and then takes them row by row through torch's
DataLoader; here whole batches are cut from such a matrix, which is faster.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import numpy as np
import torch
from deepctr_torch.inputs import DenseFeat, SparseFeat
from deepctr_torch.models import DCN, WDL

from benchmarks.training.by_torch import autocast
from benchmarks.training.task import CROSSES, STDDEV, Floats, Task
from benchmarks.training.trainee import Setting, Trainee
from features.batch import Batch


class DeepCtrTorch(Trainee):
    def __init__(self, task: Task, setting: Setting, rate: float) -> None:
        super().__init__(task, setting, rate)
        torch.manual_seed(0)
        ids = [SparseFeat(f"c{i}", size, task.dim) for i, size in enumerate(task.sizes)]
        every = [*ids, DenseFeat("numerics", task.numerics)]
        # No penalties: theirs by default would read whole tables.
        common = {
            "dnn_hidden_units": task.hidden,
            "l2_reg_linear": 0,
            "l2_reg_embedding": 0,
            "init_std": STDDEV,
        }
        crosses = {"cross_num": CROSSES, "cross_parameterization": "matrix", "l2_reg_cross": 0}
        self._model = (
            WDL(ids, every, **common) if task.wide else DCN([], every, **common, **crosses)
        )
        rules = {"adam": torch.optim.Adam, "adagrad": torch.optim.Adagrad}
        rule = rules[setting.optimizer](self._model.parameters(), lr=rate)
        self._model.compile(rule, "binary_crossentropy")
        self._run = torch.compile(self._model) if setting.compiled else self._model

    @staticmethod
    def _matrix(batch: Batch) -> Any:
        return torch.from_numpy(np.concatenate([batch.ids, batch.numerics], 1, dtype=np.float32))

    def _forward(self, rows: Any) -> Any:
        with autocast(self.setting):
            return self._run(rows).float()

    def stepper(self, batches: Sequence[Batch]) -> Callable[[], float]:
        following = cycle([(self._matrix(one), torch.from_numpy(one.label)) for one in batches])
        model = self._model.train()

        def step() -> float:
            rows, label = next(following)
            chance = self._forward(rows).squeeze(-1)
            model.optim.zero_grad()
            loss = model.loss_func(chance, label, reduction="sum")
            total = loss + model.get_regularization_loss() + model.aux_loss
            total.backward()
            model.optim.step()
            return float(total.detach()) / len(label)

        return step

    def predict(self, batch: Batch) -> Floats:
        self._model.eval()
        with torch.no_grad():
            found: Floats = self._forward(self._matrix(batch))[:, 0].numpy()
        return found
