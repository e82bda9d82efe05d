"""crossrank: one fused table a group of weights, rows beside their optimizer's state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle

from benchmarks.training.task import CROSSES, STDDEV, Floats, Task
from benchmarks.training.trainee import DENSE_RATE, EPSILON, START, Setting, Trainee
from features.batch import Batch
from models.dcn_v2 import DCNv2
from models.model import Model
from models.network import ModelConfig
from models.optimizers.adagrad import AdaGrad
from models.optimizers.dense.adam import Adam
from models.optimizers.ftrl import Ftrl
from models.optimizers.groups import Optimizers
from models.step import Step
from models.train_config import TrainConfig
from models.wide_deep import WideDeep


def config(task: Task) -> ModelConfig:
    if task.wide:
        return WideDeep(dim=task.dim, hidden=task.hidden, stddev=STDDEV)
    return DCNv2(dim=task.dim, cross_layers=CROSSES, hidden=task.hidden, stddev=STDDEV)


def optimizers(rate: float) -> Optimizers:
    rows = AdaGrad(learning_rate=rate, initial_accumulator=START, epsilon=EPSILON)
    return Optimizers(embeddings=rows, wide=Ftrl(), dense=Adam(learning_rate=DENSE_RATE))


class Crossrank(Trainee):
    def __init__(self, task: Task, setting: Setting, rate: float) -> None:
        super().__init__(task, setting, rate)
        rules = optimizers(rate)
        precision = "bfloat16" if setting.bfloat16 else "float32"
        self._model = Model(config(task), task.layout(), rules)
        self._step = Step(self._model, TrainConfig(optimizers=rules, precision=precision))

    def stepper(self, batches: Sequence[Batch]) -> Callable[[], float]:
        following = cycle(batches)
        return lambda: float(self._step(next(following)))

    def predict(self, batch: Batch) -> Floats:
        self._step.sync()
        return self._model.logits([batch])
