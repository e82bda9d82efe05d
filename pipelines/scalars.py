"""A training's numbers for TensorBoard."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from features.errors import ConfigError
from pipelines.pace import Pace

if TYPE_CHECKING:
    from models.trainer import Progress


class Scalars:
    """Writes the loss, the rate and the speed each `every` steps, and each epoch's metrics."""

    def __init__(self, writer: Any, every: int) -> None:
        from models.keras import tf  # TensorFlow takes seconds to import

        self._summary, self._writer, self._every = tf.summary, writer, every

    def step(self, progress: Progress, pace: Pace) -> None:
        if progress.step % self._every:
            return
        speed = {} if pace.rate is None else {"rows_per_second": pace.rate}
        found = {"loss": progress.loss, "rate": progress.rate, **speed}
        self._write({f"train/{name}": value for name, value in found.items()}, progress.step)

    def epoch(self, progress: Progress) -> None:
        found = {f"valid/{name}": value for name, value in progress.metrics.items()}
        self._write({"epoch/train_loss": progress.loss, **found}, progress.step)
        self._writer.flush()

    def _write(self, scalars: dict[str, float], step: int) -> None:
        with self._writer.as_default(step=step):
            for name, value in scalars.items():
                self._summary.scalar(name, value)


@contextmanager
def scalars(folder: Path, every: int, start: int) -> Iterator[Scalars]:
    """Into `folder`, whose numbers from step `start` on are those of a training cut short."""
    from models.keras import tf

    _begin(folder, start)
    writer = tf.summary.create_file_writer(str(folder))
    try:
        yield Scalars(writer, every)
    finally:
        writer.close()


def _begin(folder: Path, start: int) -> None:
    """Tell TensorBoard to forget what it has read of later steps."""
    from tensorboard.compat.proto.event_pb2 import Event, SessionLog
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    folder.mkdir(parents=True, exist_ok=True)
    writer = EventFileWriter(str(folder))
    # Steps are counted from 1, and what is at the step named here is forgotten too.
    log = SessionLog(status=SessionLog.START)
    writer.add_event(Event(wall_time=time.time(), step=start + 1, session_log=log))
    writer.close()


def require_tensorboard() -> None:
    """Raises ConfigError where it is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        raise ConfigError(
            "train.tensorboard needs TensorBoard, which is not installed here. Install crossrank "
            "with its track extra, pip install 'crossrank[track]', or remove train.tensorboard."
        )
