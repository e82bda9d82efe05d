"""The training loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from features.batch import Batch
from features.errors import DataError
from models.course import Course
from models.guard import Guard
from models.model import Model
from models.noise_scale import NoiseScale
from models.step import Step
from models.train_config import TrainConfig


@dataclass
class Progress:
    """What the caller is told after each step and each epoch, which says no rows.

    step: how many steps there were, of all epochs. rate: what the last one multiplied every
    learning rate by.
    """

    epoch: int
    rows: int
    loss: float
    metrics: dict[str, float] = field(default_factory=dict)
    step: int = 0
    rate: float = 1.0


class Trainer:
    """Trains a model in place, epoch by epoch; `step` learns from one batch.

    A batch that stops the training is saved to `folder`, if there is one.
    """

    def __init__(
        self,
        model: Model,
        config: TrainConfig | None = None,
        offset: float = 0.0,
        folder: Path | None = None,
    ) -> None:
        self.model, self.config = model, config or TrainConfig()
        self.step = Step(model, self.config, offset)
        self._guard = Guard(model, self.config.max_loss, folder)
        self._noise = NoiseScale(self.step) if self.config.noise_scale else None

    def epoch(
        self,
        batches: Iterable[Batch],
        course: Course,
        report: Callable[[Progress], None],
        save: Callable[[Course], None] | None = None,
        minutes: float = math.inf,
    ) -> float:
        """The rest of an epoch. Returns the weighted mean loss of all its rows.

        Args:
            batches: those that are left.
            course: where the training stands.
            report: called after each step.
            save: called with the course after every so many `minutes`.

        Raises:
            DataError: no rows of any weight, or what `Guard` stops at.
        """
        saved, quantization = time.monotonic(), self.config.quantization
        rounded = quantization is not None and course.epoch >= quantization.from_epoch
        for batch in batches:
            self._guard.inputs(batch, course)
            if self._noise is not None and course.steps % self.config.noise_steps == 0:
                course.noise = course.noise.after(self._noise.measure(batch))
            rate = self._rate(course)
            loss = float(self.step(batch, rate, rounded=rounded))
            self._guard.loss(loss, batch, course, self.step.sync)
            weight = batch.rows if batch.weight is None else float(batch.weight.sum())
            course.learned(batch.rows, weight, loss)
            report(Progress(course.epoch, course.rows, loss, step=course.steps, rate=rate))
            if save is not None and time.monotonic() - saved >= 60 * minutes:
                self.step.sync()
                save(course)
                saved = time.monotonic()
        self.step.sync()
        self._guard.weights(course)
        if course.mass == 0:
            raise DataError("Training needs rows of a weight above 0; the data holds none.")
        return course.loss

    def _rate(self, course: Course) -> float:
        scale = self.config.rate(course.epoch) * course.plateau.scale
        return self.config.schedule.factor(course.steps) * scale

    def fit(
        self,
        batches: Callable[[int, int], Iterable[Batch]],
        validate: Callable[[Model], dict[str, float]],
        better: Callable[[dict[str, float], dict[str, float]], bool],
        keep: Callable[[Model], None],
        report: Callable[[Progress], None],
        save: Callable[[Course], None] | None = None,
        course: Course | None = None,
    ) -> list[dict[str, float]]:
        """Train until `patience` epochs bring nothing better on validation.

        Args:
            batches: the training batches of an epoch, counted from 1, less the first so many.
            validate: metrics of the model on validation data.
            better: whether the first metrics beat the second.
            keep: called with the model each time it is the best so far.
            report: called after each step, and with metrics after each epoch.
            save: called with the course wherever an interrupted training may go on from.
            course: where to go on from; the start where there is none.

        Returns:
            One row an epoch: epoch, train_loss, noise_scale where it is measured, and the
            validation metrics.
        """
        course, config = course or Course(), self.config
        while course.epoch <= config.epochs and course.waited < config.patience:
            left = batches(course.epoch, course.batches)
            loss = self.epoch(left, course, report, save, config.checkpoint_minutes)
            metrics = validate(self.model)
            row = {"epoch": course.epoch, "train_loss": loss, **course.noise.row, **metrics}
            course.history.append(row)
            report(Progress(course.epoch, 0, loss, metrics, course.steps))
            best = course.best is None or better(metrics, course.best)
            if config.plateau is not None:
                course.plateau = config.plateau.after(course.plateau, best)
            if best:
                course.best, course.waited = metrics, 0
                keep(self.model)
            else:
                course.waited += 1
            course.turn()
            if save is not None:
                save(course)
        return course.history
