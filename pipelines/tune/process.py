"""The side of the search that a training in another process is seen from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from features.cores import mine
from pipelines.tune.task import Task

Message = dict[str, Any]
# Each is read by some library as it is imported: OpenMP (XGBoost, numpy), TensorFlow, Polars.
_THREADS = (
    "OMP_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "POLARS_MAX_THREADS",
)


@dataclass(frozen=True)
class Outcome:
    """How a training ended: with a value, or with an error, or pruned; after so many seconds."""

    value: float | None = None
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    error: str | None = None
    pruned: bool = False
    seconds: float = 0.0


class Process:
    """A training under way. `hear` is called in a thread: with each message, then with None.

    Of `parallel` at once, number `slot` has its own share of the cores.
    """

    def __init__(
        self, task: Task, slot: int, parallel: int, hear: Callable[[Message | None], None]
    ) -> None:
        self._begun = time.monotonic()
        self._log = log_of(task.out)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        cores = _share(mine(), slot, parallel)
        told = task.model_copy(update={"cores": tuple(cores)}).model_dump_json()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                # -P: a folder of the user's that is called as one of ours is not taken for it
                [sys.executable, "-P", "-m", "pipelines.tune.child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=_environment(len(cores)),
                start_new_session=True,  # Ctrl-C is for the search, which ends it
            )
        self._hear = hear
        threading.Thread(target=self._listen, args=(told,), daemon=True).start()

    def _listen(self, told: str) -> None:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            stdin.write(told.encode() + b"\n")
            stdin.flush()  # and left open: it ends when this process does
            for line in stdout:
                self._hear(json.loads(line))
        except (OSError, ValueError):
            self._process.kill()  # it broke off in the middle of a line, and is over
        self._process.wait()
        stdout.close()
        with suppress(OSError):  # what it did not read is lost with it
            stdin.close()
        self._hear(None)

    def kill(self) -> None:
        """End it at once; training again goes on from what it saved."""
        self._process.kill()
        self._process.wait()

    def outcome(self, last: Message, *, pruned: bool) -> Outcome:
        """What became of it, once it has ended, by its last message."""
        seconds = time.monotonic() - self._begun
        if pruned:
            return Outcome(pruned=True, seconds=seconds)
        if "metrics" in last:
            return Outcome(last["value"], last["metrics"], seconds=seconds)
        return Outcome(error=last.get("error") or self._died(), seconds=seconds)

    def _died(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines() or ["it wrote nothing"]
        code = self._process.returncode
        how = f"signal {-code}" if code < 0 else f"code {code}"
        return f"the process ended with {how}; {self._log} ends: {lines[-1]}"


def log_of(out: Path) -> Path:
    """Where the stderr of the process that trains into `out` goes."""
    return out.with_name(f"{out.name}.log")


def _share(cores: list[int], slot: int, parallel: int) -> list[int]:
    """As many for each, so that none computes otherwise than another; all where there is one."""
    if parallel == 1:
        return []
    count = max(1, len(cores) // parallel)
    first = slot * count % len(cores)
    return cores[first : first + count]


def _environment(cores: int) -> dict[str, str]:
    threads = dict.fromkeys(_THREADS, str(cores)) if cores else {}
    path = os.pathsep.join(one for one in sys.path if one)  # it finds what this process finds
    return {**threads, **os.environ, "PYTHONPATH": path}
