"""The process of one training: a task on stdin, a JSON object a line on stdout, stderr a log.

It ends when stdin does, so that it never outlives the search that began it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

from features import extensions
from features.errors import CrossrankError
from pipelines.train import train
from pipelines.tune.task import Task

Tell = Callable[[dict[str, Any]], None]


def main() -> None:
    """Train one task; a user's mistake is an `error` on stdout, all else a trace in the log."""
    tell = _channel()
    task = Task.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if task.cores and sys.platform == "linux":
        os.sched_setaffinity(0, task.cores)
    try:
        extensions.load_named()
        run = train(
            task.checked,
            task.out,
            lambda *_: None,
            resume=True,
            root=task.root,
            watch=lambda epoch: _watch(task, epoch, tell),
        )
        tell({"value": task.objective.of(run), "metrics": run.metrics})
    except CrossrankError as error:
        tell({"error": str(error)})


def _watch(task: Task, epoch: dict[str, float], tell: Tell) -> None:
    if task.objective.scorer == "ctr":
        tell({"epoch": int(epoch["epoch"]), "value": epoch[task.objective.metric]})


def _channel() -> Tell:
    """What writes to stdout; whatever else does, from now on writes to stderr."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def tell(message: dict[str, Any]) -> None:
        channel.write(json.dumps(message) + "\n")
        channel.flush()

    return tell


def _end_with_parent() -> None:
    while os.read(0, 1024):  # not by sys.stdin, whose lock would keep Python from ending
        continue
    os._exit(1)


if __name__ == "__main__":
    main()
