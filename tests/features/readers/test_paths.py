from pathlib import Path

import pytest

from features.errors import ConfigError, DataError
from features.readers.paths import resolve


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    names = [
        "part-10.csv", "part-2.csv", "part-1.csv", "day=2/a.csv", "day=10/a.csv", "_SUCCESS",
        ".hidden.csv", "_tmp/a.csv", ".git/a.csv", "day=2/_meta.csv", "odd[1].csv",
    ]  # fmt: skip
    for name in names:
        file = tmp_path / "logs" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x\n1\n")
    return tmp_path


def _names(base: Path, *paths: str) -> list[str]:
    found = [Path(str(file)) for file in resolve(list(paths), base)]
    return [file.relative_to(base / "logs").as_posix() for file in found]


def test_a_folder_is_every_file_below_it_in_natural_order(logs: Path) -> None:
    assert _names(logs, "logs") == [
        "day=2/a.csv", "day=10/a.csv", "odd[1].csv", "part-1.csv", "part-2.csv", "part-10.csv",
    ]  # fmt: skip


def test_a_glob_is_sorted_and_leaves_hidden_names_out(logs: Path) -> None:
    assert _names(logs, "logs/part-*.csv") == ["part-1.csv", "part-2.csv", "part-10.csv"]
    assert _names(logs, "logs/**/a.csv") == ["day=2/a.csv", "day=10/a.csv"]
    assert _names(logs, "logs/day=*") == ["day=2/a.csv", "day=10/a.csv"]
    assert len(_names(logs, "logs/**")) == 6


def test_hidden_names_are_read_when_spelled(logs: Path) -> None:
    assert _names(logs, "logs/_tmp/*.csv") == ["_tmp/a.csv"]
    assert _names(logs, "logs/_S*") == ["_SUCCESS"]
    assert _names(logs, "logs/.hidden.csv") == [".hidden.csv"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(logs: Path) -> None:
    assert _names(logs, "logs/odd[1].csv") == ["odd[1].csv"]


def test_entries_keep_their_order(logs: Path) -> None:
    assert _names(logs, "logs/part-2.csv", "logs/day=10", "logs/part-1*.csv") == [
        "part-2.csv", "day=10/a.csv", "part-1.csv", "part-10.csv",
    ]  # fmt: skip


def test_paths_lead_out_of_the_base_and_may_be_absolute(logs: Path) -> None:
    base = logs / "configs"
    base.mkdir()
    (found,) = resolve("../logs/part-2.csv", base)
    assert Path(str(found)).resolve() == (logs / "logs" / "part-2.csv").resolve()
    assert len(resolve("../logs/part-*.csv", base)) == 3
    (found,) = resolve(str(logs / "logs" / "part-2.csv"), base)
    assert str(found) == str(logs / "logs" / "part-2.csv")


@pytest.mark.parametrize("path", ["logs/absent.csv", "logs/absent-*.csv", "logs/void"])
def test_no_match_names_the_pattern_and_the_folder(logs: Path, path: str) -> None:
    (logs / "logs" / "void").mkdir()
    with pytest.raises(DataError) as raised:
        resolve(path, logs)
    assert repr(path) in str(raised.value)
    assert str(logs) in str(raised.value)


def test_an_empty_file_is_refused(logs: Path) -> None:
    (logs / "logs" / "part-3.csv").touch()
    with pytest.raises(DataError, match=r"part-3\.csv is empty"):
        resolve("logs", logs)


def test_a_file_named_twice_is_refused(logs: Path) -> None:
    with pytest.raises(DataError, match=r"'logs/\*\.csv' and by 'logs/part-1\.csv'"):
        resolve(["logs/*.csv", "logs/part-1.csv"], logs)


@pytest.mark.parametrize("paths", [[], "", ["a", ""]])
def test_nothing_named_is_refused(paths: str | list[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="at least one"):
        resolve(paths, tmp_path)
