"""A user's own modules, imported so that what they register is known."""

from __future__ import annotations

import hashlib
import importlib
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from features.errors import ConfigError

VARIABLE = "CROSSRANK_EXTENSIONS"


def load(modules: Iterable[str], base: Path) -> None:
    """Import modules by name, those in the folder `base` too.

    Raises ConfigError where one is not found, or fails as it is imported.
    """
    for module in modules:
        sys.path.insert(0, str(base))
        try:
            importlib.import_module(module)
        except Exception as error:
            raise ConfigError(
                f"The extension '{module}' must be a module in {base} or an installed one; "
                f"importing it failed: {type(error).__name__}: {error}."
            ) from error
        finally:
            sys.path.remove(str(base))


def digests(modules: Iterable[str]) -> dict[str, str]:
    """sha256 of the source of each imported module, by name."""
    files = {module: getattr(sys.modules[module], "__file__", None) for module in modules}
    return {
        module: hashlib.sha256(Path(file).read_bytes()).hexdigest()
        for module, file in files.items()
        if file is not None
    }


def load_named() -> None:
    """Import the modules that the environment variable names, between commas."""
    named = os.environ.get(VARIABLE, "")
    load([one.strip() for one in named.split(",") if one.strip()], Path.cwd())
