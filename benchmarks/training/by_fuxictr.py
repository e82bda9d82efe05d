"""FuxiCTR: its layers, its BaseModel and that model's `train_step`, with its Adam over all weights.

Its wheel ships no DCN-V2 for plain rows, so the class here is assembled from the same layers as
the one in its model zoo; so is Wide&Deep. The step is the one `fit` calls, less loaders and logs.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any

import torch
from torch import nn

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fuxictr.features import FeatureMap
    from fuxictr.pytorch.layers import CrossNetV2, FeatureEmbedding, LogisticRegression, MLP_Block
    from fuxictr.pytorch.models import BaseModel

from benchmarks.training.by_torch import autocast
from benchmarks.training.task import CROSSES, STDDEV, Floats, Task
from benchmarks.training.trainee import Setting, Trainee
from features.batch import Batch

_NORMAL = f"partial(nn.init.normal_, std={STDDEV})"
_NUMERICS = "numerics"


def _features(task: Task, numerics: bool) -> Any:
    """All numerics are one feature, which takes no weights: the others' inputs are the same."""
    made = FeatureMap("benchmark", "")
    made.features = OrderedDict(
        (f"c{i}", {"type": "categorical", "source": "", "vocab_size": size})
        for i, size in enumerate(task.sizes)
    )
    if numerics:
        made.features[_NUMERICS] = {
            "type": "embedding",
            "source": "",
            "feature_encoder": "nn.Identity()",
            "emb_output_dim": task.numerics,
        }
    made.labels, made.default_emb_dim = ["label"], task.dim
    made.num_fields = len(made.features)
    return made


class _Model(BaseModel):
    def __init__(self, task: Task, rate: float) -> None:
        every = _features(task, numerics=True)
        super().__init__(every, verbose=0, model_root="", metrics=["AUC"])
        self._max_gradient_norm = 10.0  # as `fit` sets it
        width = every.sum_emb_out_dim()
        deep = {"hidden_units": list(task.hidden), "hidden_activations": "ReLU"}
        self.embedding_layer = FeatureEmbedding(every, task.dim, _NORMAL)
        self.first_order = LogisticRegression(_features(task, False)) if task.wide else None
        self.crosses = None if task.wide else CrossNetV2(width, CROSSES)
        self.deep = MLP_Block(input_dim=width, output_dim=1 if task.wide else None, **deep)
        self.head = None if task.wide else nn.Linear(width + task.hidden[-1], 1)
        self.compile("adam", "binary_crossentropy", rate)
        self.reset_parameters()
        self.model_to_device()

    def forward(self, inputs: Any) -> Any:
        values = self.get_inputs(inputs)
        first = self.embedding_layer(values, flatten_emb=True)
        if self.head is not None and self.crosses is not None:
            logit = self.head(torch.cat([self.crosses(first), self.deep(first)], dim=-1))
        else:
            ids = {name: one for name, one in values.items() if name != _NUMERICS}
            logit = self.first_order(ids) + self.deep(first)
        return {"y_pred": self.output_activation(logit.float())}


class FuxiCtr(Trainee):
    def __init__(self, task: Task, setting: Setting, rate: float) -> None:
        super().__init__(task, setting, rate)
        torch.manual_seed(0)
        self._model = _Model(task, rate)
        if setting.optimizer == "fused Adam":
            self._model.optimizer = torch.optim.Adam(self._model.parameters(), rate, fused=True)
        if setting.compiled:
            self._model.forward = torch.compile(self._model.forward)

    def _inputs(self, batch: Batch) -> dict[str, Any]:
        ids = torch.from_numpy(batch.ids)
        values = {f"c{i}": ids[:, i] for i in range(self.task.fields)}
        return values | {_NUMERICS: torch.from_numpy(batch.numerics)}

    def stepper(self, batches: Sequence[Batch]) -> Callable[[], float]:
        following = cycle(batches)
        self._model.train()
        forward = self._model.forward

        def cast(inputs: Any) -> Any:
            with autocast(self.setting):
                return forward(inputs)

        self._model.forward = cast

        def step() -> float:
            batch = next(following)
            inputs = self._inputs(batch) | {"label": torch.from_numpy(batch.label)}
            return float(self._model.train_step(inputs).detach())

        return step

    def predict(self, batch: Batch) -> Floats:
        with torch.no_grad():
            found: Floats = self._model.forward(self._inputs(batch))["y_pred"][:, 0].numpy()
        return found
