import hashlib
import json
import os
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

import pipelines.simulator.simulation as module
from features.errors import ConfigError, DataError
from pipelines.simulator.simulation import Simulation, simulate

REPOSITORY = Path(__file__).parents[3]


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def test_the_same_seed_gives_the_same_bytes(
    simulation: Simulation, tmp_path: Path, make: Any
) -> None:
    again = simulate(make(), tmp_path / "again")
    assert _digests(again.path) == _digests(simulation.path)
    assert len(_digests(again.path)) == 7
    other = simulate(make(seed=8), tmp_path / "other")
    assert set(_digests(other.path).values()).isdisjoint(_digests(simulation.path).values())


def test_the_first_rows_do_not_depend_on_how_many_follow(
    simulation: Simulation, tmp_path: Path, make: Any, rows: Any
) -> None:
    short = simulate(make(rows=15_000), tmp_path / "short")
    for part in ("log", "truth"):
        whole = rows(simulation.path / part)
        assert rows(short.path / part).equals(whole.slice(0, 15_000))
        # a full file is the same file
        name = f"{part}/part-00001.parquet"
        assert _digests(short.path)[name] == _digests(simulation.path)[name]


def test_the_cut_into_files_leaves_the_rows_alone(
    simulation: Simulation, tmp_path: Path, make: Any, rows: Any
) -> None:
    one = simulate(make(shard_rows=10**6), tmp_path / "one")
    assert len(one.log_files) == 1
    assert rows(one.path / "log").equals(rows(simulation.path / "log"))


def test_truth_file(simulation: Simulation) -> None:
    truth = json.loads((simulation.path / "truth.json").read_text())
    assert truth["examination"] == pytest.approx([1 / k for k in range(1, 11)])
    assert truth["config"]["seed"] == 7
    assert truth["oracle"]["rows"] == 20_000
    assert Simulation.read(simulation.path) == simulation


def test_a_log_without_a_click_still_reads(tmp_path: Path, make: Any) -> None:
    one = simulate(make(rows=1, list_length=1, ctr=0.01), tmp_path / "one")
    assert "NaN" not in (one.path / "truth.json").read_text()
    assert repr(Simulation.read(one.path)) == repr(one)


def test_progress_counts_the_rows_of_each_chunk(
    tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK_ROWS", 3_000)
    seen: list[int] = []
    simulate(make(rows=10_000), tmp_path / "log", seen.append)
    assert seen == [3_000, 6_000, 7_000, 10_000]  # a file of 7,000 rows ends in between


def test_memory_does_not_grow_with_the_rows(
    tmp_path: Path, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK_ROWS", 2_000)
    peaks = []
    for count in (8_000, 8_000, 32_000):  # the first one warms caches
        tracemalloc.start()
        simulate(make(rows=count), tmp_path / f"log{len(peaks)}")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.1 * peaks[1]


def test_an_interrupted_run_leaves_nothing(tmp_path: Path, make: Any) -> None:
    def interrupt(done: int) -> None:
        if done > 7_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(make(), tmp_path / "log", interrupt)
    assert [path.name for path in tmp_path.iterdir()] == [".log.lock"]


KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import simulate
config = SimulatorConfig(rows=3_000, users=50, items=50, shard_rows=1_000)
simulate(config, Path(sys.argv[1]), lambda done: os.kill(os.getpid(), signal.SIGKILL))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_run_leaves_no_output(tmp_path: Path, make: Any) -> None:
    out = tmp_path / "log"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", KILLED, str(out)]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    assert not out.exists()
    assert simulate(make(rows=100), out).oracle.rows == 100


def test_replaces_an_earlier_simulation_only_once_done(tmp_path: Path, make: Any) -> None:
    out = tmp_path / "log"
    simulate(make(rows=100), out)

    def fail(done: int) -> None:
        raise OSError("disk full")

    with pytest.raises(DataError, match="disk full"):
        simulate(make(rows=200), out, fail)
    assert Simulation.read(out).oracle.rows == 100
    assert simulate(make(rows=300), out).oracle.rows == 300
    assert {path.name for path in tmp_path.iterdir()} == {"log", ".log.lock"}


@pytest.mark.parametrize("foreign", ["notes.txt", "log/notes.txt"])
def test_refuses_a_folder_with_something_else_in_it(
    tmp_path: Path, make: Any, foreign: str
) -> None:
    out = tmp_path / "log"
    simulate(make(rows=100), out)
    (out / foreign).write_text("mine")
    with pytest.raises(ConfigError, match=r"must not exist yet.*notes\.txt"):
        simulate(make(rows=100), out)
    assert (out / foreign).read_text() == "mine"


def test_refuses_what_is_no_simulation(tmp_path: Path, make: Any) -> None:
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    file.write_text("mine")
    for out in (folder, file):
        with pytest.raises(ConfigError, match="must not exist yet"):
            simulate(make(rows=100), out)
    assert file.read_text() == "mine"


def test_reading_anything_else_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Simulate into it"):
        Simulation.read(tmp_path)
    (tmp_path / "truth.json").write_text('{"format": "another"}')
    with pytest.raises(DataError, match="format 'another'"):
        Simulation.read(tmp_path)
