"""Files for the readers' tests: small ones written here, real ones where they are present."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write text or bytes under tmp_path, gzipped where the name ends in .gz."""

    def write_one(name: str, content: str | bytes) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else content
        file.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return file

    return write_one


@pytest.fixture
def shared() -> Callable[[str], Path]:
    """Return a folder of ../shared/data, or skip where it is absent."""

    def folder(name: str) -> Path:
        found = SHARED / name
        if not found.is_dir():
            pytest.skip(f"needs ../shared/data/{name}, which is not here")
        return found

    return folder
