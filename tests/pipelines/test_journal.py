import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.journal import Journal, digest

WORK = {"key": "abc", "polars": "2"}


def names(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def done(tmp_path: Path) -> Path:
    """Two finished steps, of two files and of one."""
    journal = Journal(tmp_path, WORK)
    (tmp_path / "train").mkdir()
    for name in ("train/a", "b", "c"):
        (tmp_path / name).write_text(name)
    journal.finish("one", {name: digest(tmp_path / name) for name in ("train/a", "b")}, {"rows": 3})
    journal.finish("two", {"c": digest(tmp_path / "c")}, {})
    return tmp_path


def test_finished_steps_are_remembered(done: Path) -> None:
    before = names(done)
    journal = Journal(done, WORK)
    assert journal.steps == ["one", "two"]
    assert "one" in journal
    assert "three" not in journal
    assert journal["one"] == {"rows": 3}
    assert names(done) == before == {"train/a", "b", "c", "steps/one.json", "steps/two.json"}


def test_what_no_step_vouches_for_is_removed(done: Path, tmp_path: Path) -> None:
    (done / "steps" / ".three.json.partial").write_text("{}")
    (done / "train" / ".d.partial").write_text("half")
    (done / "valid" / "deep").mkdir(parents=True)
    (done / "valid" / "deep" / "e").write_text("")
    (done / "link").symlink_to(done / "train")
    Journal(done, WORK)
    assert names(done) == {"train/a", "b", "c", "steps/one.json", "steps/two.json"}
    assert {path.name for path in done.iterdir()} == {"train", "b", "c", "steps"}


def change(path: Path) -> None:
    path.write_text("other")


def point(path: Path) -> None:
    """The same content, but by way of a file that is not ours."""
    elsewhere = path.parents[2] / "elsewhere"
    elsewhere.write_text(path.read_text())
    path.unlink()
    path.symlink_to(elsewhere)


@pytest.mark.parametrize("damage", [change, Path.unlink, point])
def test_a_step_whose_files_changed_is_not_believed(
    done: Path, damage: Callable[[Path], None]
) -> None:
    damage(done / "train" / "a")
    assert Journal(done, WORK).steps == ["two"]
    assert names(done) == {"c", "steps/two.json"}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"work": 1}'])
def test_a_damaged_record_is_not_believed(done: Path, text: str) -> None:
    (done / "steps" / "one.json").write_text(text)
    assert Journal(done, WORK).steps == ["two"]
    assert names(done) == {"c", "steps/two.json"}


def test_an_altered_record_is_not_believed(done: Path) -> None:
    path = done / "steps" / "one.json"
    path.write_text(path.read_text().replace('"rows": 3', '"rows": 4'))
    assert Journal(done, WORK).steps == ["two"]


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a//b", ".hidden", "."])
def test_a_record_of_files_elsewhere_is_not_believed(done: Path, name: str) -> None:
    document = json.loads((done / "steps" / "two.json").read_text())
    document["files"] = {name: "0" * 64}
    (done / "steps" / "two.json").write_text(json.dumps(document))
    assert Journal(done, WORK).steps == ["one"]


@pytest.mark.parametrize("work", [{"key": "abd", "polars": "2"}, {**WORK, "polars": "3"}, {}])
def test_other_work_is_not_gone_on_with(done: Path, work: dict[str, str]) -> None:
    assert Journal(done, work).steps == []
    assert names(done) == set()


def test_a_restart_forgets_all(done: Path) -> None:
    journal = Journal(done, WORK)
    journal.restart()
    assert journal.steps == []
    assert names(done) == set()
    (done / "new").write_text("")
    journal.finish("again", {"new": digest(done / "new")}, {})
    assert Journal(done, WORK).steps == ["again"]
