"""The study by itself: the trainings are a formula."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from features.errors import ConfigError, DataError
from pipelines.tune.config import TuneConfig
from pipelines.tune.study import Study, opened

SPACE = {
    "x": {"low": 0.001, "high": 1.0, "log": True},
    "y": {"low": 1, "high": 7, "step": 2},
    "z": {"choices": [[8, 8], {"type": "a"}, None]},
}


def settings(**given: Any) -> TuneConfig:
    return TuneConfig.model_validate({"space": SPACE, "trials": 16, **given})


@contextmanager
def study(
    folder: Path, config: TuneConfig, key: str = "k", first: dict[str, Any] | None = None
) -> Iterator[Study]:
    with opened(folder, config, key, higher=False, epochs=4) as journal:
        yield Study(journal, config, first)


def value_of(tried: dict[str, Any]) -> float:
    return abs(math.log(tried["x"] / 0.1)) + abs(tried["y"] - 3) + 2.0 * (tried["z"] != [8, 8])


def go_on(one: Study, most: int | None = None) -> None:
    """Do the trials that are left; after `most` of them, be killed in the middle of the next."""
    for done, trial in enumerate(one.trials()):
        value = value_of(one.values(trial))
        going = one.report(trial, 1, value + 1)
        if done == most:
            return
        if going:
            one.report(trial, 2, value)
            one.tell(trial, value, TrialState.COMPLETE)
        else:
            one.tell(trial, None, TrialState.PRUNED)


def story(one: Study) -> list[Any]:
    return [(t.number, t.state, t.value, t.intermediate_values, one.values(t)) for t in one.ended]


@pytest.mark.parametrize("pruner", ["median", "halving", "hyperband", "none"])
@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_interrupted_again_and_again_it_tries_the_same(
    tmp_path: Path, sampler: str, pruner: str
) -> None:
    config = settings(sampler=sampler, pruner=pruner)
    with study(tmp_path / "whole", config) as one:
        go_on(one)
        whole = story(one)
    for most in (0, 3, 8, None):
        with study(tmp_path / "parts", config) as one:
            go_on(one, most)
    with study(tmp_path / "parts", config) as one:
        assert story(one) == whole
    assert len(whole) == 16
    assert len({str(values) for *_, values in whole}) > 8
    assert (TrialState.PRUNED in {state for _, state, *_ in whole}) == (pruner != "none")


def test_another_seed_tries_others(tmp_path: Path) -> None:
    found = []
    for seed in (0, 1):
        with study(tmp_path / str(seed), settings(seed=seed)) as one:
            go_on(one)
            found.append([values for *_, values in story(one)])
    assert found[0] != found[1]


def test_a_grid_tries_each_point_once_whatever_interrupts_it(tmp_path: Path) -> None:
    space = {"x": {"low": 0.1, "high": 0.3, "step": 0.1}, "y": SPACE["y"], "z": SPACE["z"]}
    config = settings(sampler="grid", space=space, trials=100, pruner="none")
    for most in (0, 5, None):
        with study(tmp_path / "grid", config) as one:
            go_on(one, most)
            tried = [str(one.values(trial)) for trial in one.ended]
            assert one.most == 36
    assert len(tried) == len(set(tried)) == 36
    with study(tmp_path / "few", settings(sampler="grid", space=space, trials=5)) as one:
        go_on(one)
        assert [str(one.values(trial)) for trial in one.ended] == tried[:5]


def test_the_first_trial_is_the_configuration_itself(tmp_path: Path) -> None:
    first = {"x": 0.25, "y": 5, "z": {"type": "a"}}
    with study(tmp_path / "one", settings(), first=first) as one:
        go_on(one)
        assert one.values(one.ended[0]) == first
        assert one.values(one.ended[1]) != first


def test_trials_are_ranked_once_each(tmp_path: Path) -> None:
    space = {"a": {"choices": [1, 2]}}
    with study(tmp_path / "one", settings(space=space, trials=8, pruner="none")) as one:
        for trial in one.trials():
            failed = trial.number == 0
            value = None if failed else float(trial.number + 10 * one.values(trial)["a"])
            one.tell(trial, value, TrialState.FAIL if failed else TrialState.COMPLETE, note="n")
        ranked = one.ranked()
        assert [one.values(trial)["a"] for trial in ranked] == [1, 2]
        assert all(trial.number > 0 for trial in ranked)
        complete = [trial for trial in one.ended if trial.number > 0]
        for choice, trial in zip((1, 2), ranked, strict=True):
            alike = [other for other in complete if one.values(other)["a"] == choice]
            assert trial.number == min(other.number for other in alike)
        assert one.ended[3].user_attrs == {"note": "n"}


def test_more_trials_may_be_asked_for_later(tmp_path: Path) -> None:
    for trials in (3, 5, 4):
        with study(tmp_path / "one", settings(trials=trials)) as one:
            go_on(one)
            last = len(one.ended)
    assert last == 5


def test_what_seeds_came_to_is_kept(tmp_path: Path) -> None:
    for seed in (7, 8):
        with study(tmp_path / "one", settings()) as one:
            one.seeded(2, seed, seed / 10)
            one.seeded(3, seed, seed / 20)
    with study(tmp_path / "one", settings()) as one:
        assert one.seeds == {"2": {"7": 0.7, "8": 0.8}, "3": {"7": 0.35, "8": 0.4}}


def test_half_a_line_and_an_old_lock_are_mended(tmp_path: Path) -> None:
    with study(tmp_path / "one", settings(trials=2)) as one:
        go_on(one)
        before = story(one)
    with (tmp_path / "one" / "study.log").open("ab") as file:
        file.write(b'{"op_code": 4, "wor')
    (tmp_path / "one" / "study.log.lock").symlink_to(tmp_path / "nowhere")
    with study(tmp_path / "one", settings(trials=3)) as one:
        assert story(one) == before
        go_on(one)
        assert len(one.ended) == 3


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    with (
        study(tmp_path / "one", settings()),
        pytest.raises(DataError, match="searched by another process"),
        study(tmp_path / "one", settings()),
    ):
        pytest.fail("both have it")


def test_another_search_or_another_folder_is_refused(tmp_path: Path) -> None:
    with study(tmp_path / "one", settings()):
        assert (tmp_path / "one" / "study.log").exists()
    with (
        pytest.raises(ConfigError, match="must hold a search of this configuration"),
        study(tmp_path / "one", settings(), key="other"),
    ):
        pytest.fail("it was opened")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "notes.txt").write_text("mine")
    with (
        pytest.raises(ConfigError, match="neither"),
        study(tmp_path / "two", settings()),
    ):
        pytest.fail("it was opened")
