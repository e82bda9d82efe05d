"""Whole searches; each training is a process that imports TensorFlow, hence slow."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from features.errors import ConfigError, DataError
from pipelines.config import load_config
from pipelines.prepare import prepare
from pipelines.tune.result import Tuned
from pipelines.tune.tune import tune

pytestmark = pytest.mark.timeout(900)
RATE = "train.optimizers.wide.learning_rate"


def silent(stage: str, done: int, total: int, note: str = "") -> None:
    """Report to nobody."""


def tried(document: dict[str, Any]) -> list[Any]:
    facts = ("trial", "state", "value", "values", "epochs", "metrics")
    return [{name: one.get(name) for name in facts} for one in document["trials"]]


@pytest.fixture(scope="module")
def whole(small: Path) -> Tuned:
    """A search that nothing interrupted, where the test part is not there to be read."""
    root = small.parent / "whole"
    prepared = prepare(load_config(small), root, silent)
    shutil.rmtree(prepared.folder / "test")
    return tune(small, [], root / "found", silent)


@pytest.mark.slow
def test_finds_the_better_setting_without_the_test_part(whole: Tuned, small: Path) -> None:
    told = json.loads((whole.folder / "tune.json").read_text())
    assert told == whole.document
    assert not any((small.parent / "whole" / "prepared").glob("*/test"))
    first, *_ = told["trials"]
    assert first["values"] == {RATE: 1e-6, "train.batch_size": 256}
    assert {one["values"][RATE] for one in told["trials"]} == {1e-6, 0.5}
    assert all(one["seconds"] > 0 for one in told["trials"])
    chosen = told["chosen"]
    assert chosen["values"][RATE] == 0.5
    assert chosen["mean"] < first["value"] - 0.05
    assert chosen["mean"] == pytest.approx(sum(chosen["seeds"].values()) / 2)
    assert list(chosen["seeds"]) == ["6", "7"]
    complete = [one for one in told["trials"] if one["state"] == "complete"]
    assert min(complete, key=lambda one: one["value"])["trial"] == chosen["trial"]
    for one in complete:
        assert one["value"] == min(one["epochs"].values()) == one["metrics"]["ctr"]["LogLoss"]


@pytest.mark.slow
def test_only_the_chosen_runs_stay(whole: Tuned) -> None:
    number = whole.document["chosen"]["trial"]
    assert [one.name for one in (whole.folder / "trials").glob("[!.]*")] == [f"{number:04d}"]
    seeds = sorted(one.name for one in (whole.folder / "seeds").glob("[!.]*"))
    assert seeds == [f"{number:04d}-6", f"{number:04d}-7"]


@pytest.mark.slow
def test_best_is_the_configuration_with_the_chosen_values(whole: Tuned, small: Path) -> None:
    best, before = load_config(whole.folder / "best.toml"), load_config(small)
    chosen = whole.document["chosen"]["values"]
    assert best.base == before.base
    assert best.tune is None
    assert best.train.optimizers.wide.learning_rate == chosen[RATE]
    assert best.train.batch_size == chosen["train.batch_size"]
    same = {"optimizers": before.train.optimizers, "batch_size": before.train.batch_size}
    assert best.train.model_copy(update=same) == before.train
    assert best.model_copy(update={"train": None}) == before.model_copy(
        update={"train": None, "tune": None}
    )


@pytest.mark.slow
def test_asked_again_it_answers_at_once(whole: Tuned, small: Path) -> None:
    journal = (whole.folder / "study.log").stat().st_size
    again = tune(small, [], whole.folder, silent)
    assert again.document == whole.document
    assert (whole.folder / "study.log").stat().st_size - journal < 500  # no trial was added
    with pytest.raises(ConfigError, match="must hold a search of this configuration"):
        tune(small, ["train.epochs=1"], whole.folder, silent)


@pytest.mark.slow
def test_killed_in_the_middle_it_comes_to_the_same(whole: Tuned, small: Path) -> None:
    out = small.parent / "killed" / "found"
    command = [sys.executable, "-c", "from pipelines.cli import main; main()", "tune"]
    search = subprocess.Popen([*command, str(small), "--out", str(out)], cwd=small.parent)
    try:
        until(lambda: (out / "trials" / "0001.log").exists(), 240)
        trainings = children(search.pid)
        assert trainings
    finally:
        os.kill(search.pid, signal.SIGKILL)
        search.wait()
    until(lambda: not any(alive(one) for one in trainings), 60)  # none outlives its search
    again = tune(small, [], out, silent)
    assert tried(again.document) == tried(whole.document)
    assert again.document["seeds"] == whole.document["seeds"]


def until(holds: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """Those that Python runs."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(one) for file in found for one in file.read_text().split()]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


DEADLY = '''
import os
import signal

from features.state import State
from features.layout import NumericField
from features.statistics import Moments
from features.transforms.custom import register
from features.transforms.number import as_number, numbers
from features.transforms.transform import Transform


@register("deadly")
class Deadly(Transform):
    """A number; one of its options is the end of whoever learns it."""

    want = "number"
    die: bool = False
    key = property(lambda self: f"deadly:{self.name}:{self.die}")

    def observe(self, frame, roles):
        return Moments.of(frame[self.column])

    def finalize(self, statistic, base):
        if self.die:
            os.kill(os.getpid(), signal.SIGKILL)
        return State({})

    def read(self, dtype):
        return as_number(self.column, dtype)

    def encode(self, values, state):
        return numbers(values)

    def field(self, state):
        return NumericField(name=self.name)
'''
FATAL = """
extensions = ["deadly"]
[data]
paths = "log.parquet"
label = "click"
[[features]]
type = "id"
column = "item"
[[features]]
type = "custom"
use = "deadly"
column = "item_number"
options = { die = false }
[[derived]]
type = "expression"
name = "item_number"
expression = "length(item)"
[model]
type = "lr"
[train]
epochs = 1
[tune]
trials = 9
parallel = 2
best = 3
seeds = 1
sampler = "grid"
[tune.space]
"features.1.options.die" = { choices = [true, false] }
"model" = { choices = [{ type = "lr" }, { type = "fm", dim = 2 }] }
"""


@pytest.mark.slow
def test_trials_that_fail_or_die_do_not_end_the_search(small: Path) -> None:
    (small.parent / "deadly.py").write_text(DEADLY)
    fatal = small.with_name("fatal.toml")
    fatal.write_text(FATAL)
    found = tune(fatal, [], small.parent / "fatal" / "found", silent)
    by_death: dict[bool, list[Any]] = {True: [], False: []}
    for one in found.document["trials"]:
        by_death[one["values"]["features.1.options.die"]].append(one)
    assert [one["state"] for one in by_death[True]] == ["fail", "fail"]
    assert all("ended with signal 9" in one["error"] for one in by_death[True])
    assert [one["state"] for one in by_death[False]] == ["complete", "complete"]
    assert len(found.seeded) == 2


def test_data_that_cannot_be_prepared_is_told_before_the_first_trial(small: Path) -> None:
    out = small.parent / "none" / "found"
    split = ["data.split.type=hash", "data.split.train=0.5", "data.split.valid=0.4"]
    with pytest.raises(DataError, match="'no'"):
        tune(small, [*split, "data.split.column=no"], out, silent)
    assert not out.exists()


def test_what_is_wrong_is_said_before_the_first_trial(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = small.parent / "wrong" / "found"
    with pytest.raises(ConfigError, match="tune.monitor|best at 1"):
        tune(small, ["tune.monitor=PCOC"], out, silent)
    with pytest.raises(ConfigError, match="train.epocs is not a known key"):
        tune(small, ['tune.space={"train.epocs"={low=1,high=2}}'], out, silent)
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ConfigError, match=r"pip install 'crossrank\[tune\]'"):
        tune(small, [], out, silent)
    bare = small.with_name("bare.toml")
    bare.write_text(small.read_text().partition("[tune]")[0])
    with pytest.raises(ConfigError, match=r"must say what to search in \[tune.space\]"):
        tune(bare, [], out, silent)
    assert not out.exists()
