"""The five packages are ours, are typed, and keep to the house's order."""

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("features", "models", "ranking", "serving", "pipelines")
TRAINING = ("serving.export", "serving.convert")  # the only rooms of serving that train


@pytest.mark.parametrize("name", PACKAGES)
def test_resolves_inside_this_project(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).parent == ROOT / name
    assert (ROOT / name / "py.typed").exists()
    assert module.__doc__


def test_the_build_and_the_import_rules_name_all_of_them() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tuple(project["hatch"]["build"]["targets"]["wheel"]["packages"]) == PACKAGES
    assert tuple(project["importlinter"]["root_packages"]) == PACKAGES


def serving_modules() -> set[str]:
    """Modules and subpackages; the import rules cover what is in a subpackage with it."""
    files = (ROOT / "serving").glob("[a-z]*.py")
    folders = (ROOT / "serving").glob("[a-z]*/__init__.py")
    names = [*(file.stem for file in files), *(file.parent.name for file in folders)]
    return {f"serving.{name}" for name in names}


def test_the_import_rules_cover_every_serving_module() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (rule,) = (one for one in contracts["contracts"] if "without training" in one["name"])
    assert set(rule["source_modules"]) == serving_modules() - set(TRAINING)


BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        root = name.split(".")[0]
        if root in {"tensorflow", "tf_keras", "tensorflow_recommenders", "models", "ranking"}:
            raise ModuleNotFoundError(f"{name} must not be imported here")

sys.meta_path.insert(0, Blocked())
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def test_serving_imports_where_training_is_not_installed() -> None:
    names = sorted(serving_modules() - set(TRAINING))
    assert {"serving.app", "serving.calibration"} <= set(names)
    inner = (ROOT / "serving").glob("*/[a-z]*.py")
    names += sorted(f"serving.{one.parent.name}.{one.stem}" for one in inner)
    ran = subprocess.run(
        [sys.executable, "-c", BLOCKED, *names, "pipelines.cli"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_lock_holds_versions_and_no_addresses() -> None:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    assert lines
    for line in lines:
        assert "==" in line.split(";")[0], line
        assert "://" not in line
        assert not line.startswith("-")
