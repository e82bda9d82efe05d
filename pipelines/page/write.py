"""Where reports are written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from features.errors import ConfigError, DataError
from pipelines.page.picture import require_matplotlib

_PAGE, _NUMBERS = ".html", ".json"


def check_place(out: Path) -> None:
    """Raises ConfigError where `out` is no page or numbers, or matplotlib is missing for a page."""
    if out.suffix not in (_PAGE, _NUMBERS):
        raise ConfigError(f"A report is a page; name the file *.html (or *.json), not '{out}'.")
    if out.suffix == _PAGE:
        require_matplotlib()


def write_report(out: Path, render: Any, document: dict[str, Any]) -> None:
    """Write the numbers beside the page, both under temporary names first.

    Raises:
        DataError: the place cannot be written.
    """
    texts = {out.with_suffix(_NUMBERS): json.dumps(document, indent=1, allow_nan=False) + "\n"}
    if out.suffix == _PAGE:
        texts[out] = render(document)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            _write(path, text)
    except OSError as error:
        raise DataError(f"{out} could not be written: {error}. Choose another place.") from error


def _write(path: Path, text: str) -> None:
    work = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        work.write_text(text, encoding="utf-8")
        work.replace(path)
    finally:
        work.unlink(missing_ok=True)
