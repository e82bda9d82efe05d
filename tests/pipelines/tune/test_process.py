from pathlib import Path
from threading import Event

import pytest

from pipelines.tune import process
from pipelines.tune.objective import Objective
from pipelines.tune.task import Task


def test_shares_of_the_cores_are_equal_and_apart() -> None:
    cores = [0, 2, 4, 6, 8]
    assert process._share(cores, 0, 1) == []  # all of them, as ever
    assert [process._share(cores, slot, 2) for slot in (0, 1)] == [[0, 2], [4, 6]]
    assert [process._share(cores, slot, 7) for slot in range(7)] == [[c] for c in [*cores, 0, 2]]


def test_threads_are_as_many_as_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("POLARS_MAX_THREADS", "7")
    environment = process._environment(2)
    assert environment["OMP_NUM_THREADS"] == environment["TF_NUM_INTRAOP_THREADS"] == "2"
    assert environment["POLARS_MAX_THREADS"] == "7"  # what the user says
    assert "OMP_NUM_THREADS" not in process._environment(0)


def test_a_mistake_of_the_user_is_the_outcome(tmp_path: Path) -> None:
    objective = Objective(scorer="ctr", metric="AUC", higher=True)
    task = Task(config={}, base=tmp_path, out=tmp_path / "out", root=tmp_path, objective=objective)
    ended = Event()
    heard: list[process.Message] = []

    def hear(message: process.Message | None) -> None:
        if message is None:
            ended.set()
        else:
            heard.append(message)

    one = process.Process(task, 0, 1, hear)
    assert ended.wait(200)
    (last,) = heard
    found = one.outcome(last, pruned=False)
    assert found.value is None
    assert found.error == "name must be given; it is missing. (2 more)"
    assert process.log_of(task.out).read_text() == ""
