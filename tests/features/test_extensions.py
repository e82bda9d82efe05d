import sys
from pathlib import Path

import pytest

from features import extensions
from features.errors import ConfigError


def write(folder: Path, name: str, text: str) -> str:
    (folder / f"{name}.py").write_text(text)
    return name


def test_modules_of_the_folder_and_installed_ones_are_imported(tmp_path: Path) -> None:
    name = write(tmp_path, "extension_good", "import extension_helper\nvalue = 7\n")
    write(tmp_path, "extension_helper", "")
    before = list(sys.path)
    extensions.load([name, "json.decoder"], tmp_path)
    assert sys.modules[name].value == 7
    assert sys.path == before


def test_a_package_of_the_folder_is_imported_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "extension_package").mkdir()
    write(tmp_path / "extension_package", "inner", "value = 8")
    extensions.load(["extension_package.inner"], tmp_path)
    assert sys.modules["extension_package.inner"].value == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "ModuleNotFoundError: No module named 'extension_bad'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def f(", "SyntaxError: "),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_a_module_that_cannot_be_imported_is_named(
    tmp_path: Path, text: str | None, message: str
) -> None:
    if text is not None:
        write(tmp_path, "extension_bad", text)
    before = list(sys.path)
    with pytest.raises(ConfigError, match=f"'extension_bad' must be a module in .*{message}"):
        extensions.load(["extension_bad"], tmp_path)
    assert sys.path == before


def test_the_variable_names_modules_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (write(tmp_path, f"extension_{n}", "") for n in ("first", "second"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(extensions.VARIABLE, f" {first} ,,{second}")
    extensions.load_named()
    assert {first, second} <= sys.modules.keys()
    monkeypatch.setenv(extensions.VARIABLE, "extension_absent")
    with pytest.raises(ConfigError, match="'extension_absent'"):
        extensions.load_named()
    monkeypatch.delenv(extensions.VARIABLE)
    extensions.load_named()
