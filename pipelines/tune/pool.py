"""Trainings in processes of their own, some at a time."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from features.files import remove
from pipelines.tune.process import Message, Outcome, Process, log_of
from pipelines.tune.task import Task


class Job(Protocol):
    """A task, and whom to tell of it."""

    @property
    def task(self) -> Task: ...

    def heard(self, epoch: int, value: float) -> bool:
        """Told of an epoch; whether the training may go on."""

    def ended(self, outcome: Outcome) -> None:
        """Told of the end."""


@dataclass
class _Running:
    job: Job
    process: Process
    last: Message = field(default_factory=dict)
    pruned: bool = False


def work(jobs: Iterator[Job], parallel: int) -> None:
    """Do all jobs, at most so many at once; the next one is asked for when there is room for it.

    Jobs are told in the order in which things happen, in this thread. Whatever ends the work
    before its time ends all processes.
    """
    heard: queue.Queue[tuple[int, Message | None]] = queue.Queue()
    free = list(range(parallel))
    running: dict[int, _Running] = {}
    try:
        while True:
            while free and (job := next(jobs, None)) is not None:
                slot = free.pop(0)
                hear = _to(heard, slot)
                running[slot] = _Running(job, Process(job.task, slot, parallel, hear))
            if not running:
                return
            slot, message = heard.get()
            one = running[slot]
            if message is None:
                del running[slot]
                free.append(slot)
                outcome = one.process.outcome(one.last, pruned=one.pruned)
                if outcome.error is None:
                    remove(log_of(one.job.task.out))
                one.job.ended(outcome)
            elif not one.pruned:
                _listen(one, message)
    finally:
        for one in running.values():
            one.process.kill()


def _to(
    heard: queue.Queue[tuple[int, Message | None]], slot: int
) -> Callable[[Message | None], None]:
    return lambda message: heard.put((slot, message))


def _listen(one: _Running, message: Message) -> None:
    one.last = message
    if "epoch" in message and not one.job.heard(message["epoch"], message["value"]):
        one.pruned = True
        one.process.kill()
