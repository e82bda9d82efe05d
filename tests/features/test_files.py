import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from features.dataset.writer import write_part
from features.errors import DataError
from features.files import forget, read_json, replacing, resuming, write_json

# Writes argv[1] through `replacing` and stops, by argv[2], inside the block or between the renames.
CHILD = """
import os, signal, sys, time
from pathlib import Path
from features.files import replacing

folder, stop = Path(sys.argv[1]), sys.argv[2]
rename = Path.rename

def killed(path, target):
    if path.name.endswith(".partial"):
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)

if stop == "renames":
    Path.rename = killed
with replacing(folder) as work:
    (work / "half").write_text("half")
    if stop == "block":
        sys.stdout.write("ready")
        sys.stdout.flush()
        time.sleep(60)
"""


def child(folder: Path, stop: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(folder), stop]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@contextmanager
def writing(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is in the middle of writing `folder`."""
    with child(folder, "block") as process:
        try:
            assert process.stdout is not None
            assert process.stdout.read(5) == "ready"
            yield process
        finally:
            process.kill()


def write(folder: Path, text: str) -> None:
    with replacing(folder) as work:
        (work / text).write_text(text)


def fail(folder: Path, error: BaseException) -> None:
    with replacing(folder) as work:
        (work / "new").write_text("new")
        raise error


def content(folder: Path) -> set[str]:
    """Names of the files in `folder`, and of what lies beside it, the lock apart."""
    beside = {path.name for path in folder.parent.iterdir()}
    lock = f".{folder.name}.lock"
    return {path.name for path in folder.iterdir()} | (beside - {folder.name, lock})


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "here" / "out"


def test_the_new_folder_takes_the_place_of_the_old(out: Path) -> None:
    write(out, "old")
    assert content(out) == {"old"}
    write(out, "new")
    assert content(out) == {"new"}


def test_nothing_stands_there_until_the_block_ends(out: Path) -> None:
    with replacing(out) as work:
        assert work.parent == out.parent
        assert list(work.iterdir()) == []
        assert not out.exists()
    assert content(out) == set()


@pytest.mark.parametrize("error", [ValueError(), KeyboardInterrupt(), SystemExit(1)])
def test_an_exception_leaves_the_old_folder(out: Path, error: BaseException) -> None:
    write(out, "old")
    with pytest.raises(type(error)):
        fail(out, error)
    assert content(out) == {"old"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(errno.EIO, "input/output error")])
def test_an_exception_between_the_renames_puts_the_old_folder_back(
    out: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    write(out, "old")
    rename = Path.rename

    def failing(path: Path, target: Path) -> Path:
        if path.name.endswith(".partial"):
            raise error
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises((KeyboardInterrupt, DataError)):
        write(out, "new")
    assert content(out) == {"old"}


def test_a_killed_process_leaves_no_folder_and_the_next_one_succeeds(out: Path) -> None:
    with writing(out) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not out.exists()
    write(out, "new")
    assert content(out) == {"new"}


def test_a_killed_process_leaves_the_old_folder(out: Path) -> None:
    write(out, "old")
    with writing(out) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert {path.name for path in out.iterdir()} == {"old"}
    write(out, "new")
    assert content(out) == {"new"}


@pytest.mark.parametrize("fails", [False, True])
def test_what_was_killed_between_the_renames_is_put_back(out: Path, fails: bool) -> None:
    write(out, "old")
    with child(out, "renames") as process:
        assert process.wait() == -signal.SIGKILL
    assert not out.exists()
    if fails:
        with pytest.raises(ValueError, match="stop"):
            fail(out, ValueError("stop"))
        assert content(out) == {"old"}
    else:
        write(out, "new")
        assert content(out) == {"new"}


def test_two_processes_do_not_write_the_same_folder(out: Path) -> None:
    with writing(out):
        with pytest.raises(DataError, match="is being written by another process"):
            write(out, "second")
        write(out.with_name("other"), "second")
    write(out, "third")
    assert content(out) == {"third", "other", ".other.lock"}


def test_neither_do_two_blocks_of_one_process(out: Path) -> None:
    with replacing(out), pytest.raises(DataError, match="another process"), replacing(out):
        pass
    assert content(out) == set()


def test_a_full_disk_is_told_and_changes_nothing(out: Path) -> None:
    write(out, "old")
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "table.npy")
    with pytest.raises(DataError, match=r"out could .*: No space left .*\(table\.npy\).*free some"):
        fail(out, full)
    assert content(out) == {"old"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which is always full")
def test_a_full_disk_is_told_by_the_writer_of_datasets(out: Path) -> None:
    def fill() -> None:
        with replacing(out) as work:
            (work / ".part-00000.parquet.partial").symlink_to("/dev/full")
            write_part(work, 0, pl.DataFrame({"a": [1]}))

    with pytest.raises(DataError, match="out could not be written: No space left.*run the command"):
        fill()
    assert [path.name for path in out.parent.iterdir()] == [".out.lock"]


def resume(folder: Path, name: str, error: BaseException | None = None) -> set[str]:
    """Add a file to unfinished work; what was there before it."""
    with resuming(folder) as work:
        found = {path.name for path in work.iterdir()}
        (work / name).write_text(name)
        if error is not None:
            raise error
    return found


@pytest.mark.parametrize(
    "error", [ValueError(), KeyboardInterrupt(), OSError(errno.ENOSPC, "full")]
)
def test_interrupted_work_is_there_for_the_next_call(out: Path, error: BaseException) -> None:
    with pytest.raises((type(error), DataError)):
        resume(out, "first", error)
    assert not out.exists()
    assert resume(out, "second") == {"first"}
    assert content(out) == {"first", "second"}


def test_finished_work_is_not_gone_on_with(out: Path) -> None:
    assert resume(out, "first") == set()
    assert resume(out, "second") == set()
    assert content(out) == {"second"}


def test_unfinished_work_of_another_process_is_left_alone(out: Path) -> None:
    with resuming(out) as work:
        with pytest.raises(DataError, match="is being written by another process"):
            resume(out, "second")
        os.utime(work, (0, 0))
        forget(out.parent, older=60)
        assert work.exists()
    assert content(out) == set()


def test_unfinished_work_is_forgotten_with_time(out: Path) -> None:
    work = out.with_name(".out.unfinished")
    with pytest.raises(ValueError):
        resume(out, "first", ValueError())
    forget(out.parent, older=60)
    assert work.exists()
    for path in (work, work / "first"):
        os.utime(path, (0, 0))
    forget(out.parent, older=60)
    assert not work.exists()
    assert resume(out, "second") == set()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="out could not be written"):
        write(tmp_path / "file" / "out", "new")
    with pytest.raises(DataError, match="file must be a folder; it is a file"):
        write(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == ""


def test_an_input_that_is_absent_is_named(out: Path) -> None:
    absent = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "clicks.csv")
    with pytest.raises(DataError, match=r"No such file or directory \(clicks\.csv\)"):
        fail(out, absent)


def test_a_link_stays_and_the_folder_it_names_is_replaced(tmp_path: Path) -> None:
    write(tmp_path / "v1", "old")
    link = tmp_path / "latest"
    link.symlink_to("v1")
    for text in ("new", "newer"):
        write(link, text)
        assert link.is_symlink()
        assert {path.name for path in (tmp_path / "v1").iterdir()} == {text}
    assert {path.name for path in tmp_path.iterdir()} == {"latest", "v1", ".v1.lock"}


def test_the_folder_may_be_named_from_within(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "out", "old")
    monkeypatch.chdir(tmp_path / "out")
    write(Path(), "new")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"new"}


def test_json_comes_back_as_it_was_written(tmp_path: Path) -> None:
    document = {"b": [1, 2.5, None], "a": {"é": "🦀"}}
    write_json(tmp_path / "x.json", document)
    assert read_json(tmp_path / "x.json", made_by="") == document
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_what_is_no_json_does_not_replace_what_is(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": 1})
    with pytest.raises(TypeError):
        write_json(tmp_path / "x.json", {"a": object()})
    assert read_json(tmp_path / "x.json", made_by="") == {"a": 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "must exist"),
        (b"{", "must be JSON"),
        (b"\xff", "must be JSON"),
        (b"[" * 100_000, "must be JSON"),
        (b"[]", "must hold a JSON object, not list"),
    ],
)
def test_what_is_no_json_object_is_refused(
    tmp_path: Path, data: bytes | None, message: str
) -> None:
    if data is not None:
        (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(DataError, match=rf"x\.json {message}.*Prepare again\."):
        read_json(tmp_path / "x.json", made_by="Prepare again.")
