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


def test_a_process_that_dies_says_so_in_its_log(tmp_path: Path) -> None:
    objective = Objective(scorer="ctr", metric="AUC")
    whole = Task(config={}, base=tmp_path, out=tmp_path / "out", root=tmp_path, objective=objective)
    ended = Event()
    heard: list[process.Message] = []

    def hear(message: process.Message | None) -> None:
        if message is None:
            ended.set()
        else:
            heard.append(message)

    broken = whole.model_copy(update={"root": None})  # which it does not understand
    one = process.Process(broken, 0, 1, hear)
    assert ended.wait(200)
    found = one.outcome({}, pruned=False)
    assert heard == []
    assert found.value is None
    assert "ended with code 1" in str(found.error)
    assert "root" in (tmp_path / "out.log").read_text()
