"""Files for the readers' tests: small ones written here, real ones where they are present."""

import gzip
from collections.abc import Callable
from pathlib import Path

import polars as pl
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


FRAME = pl.DataFrame(
    {"id": [7, None, 9, 10, 11], "text": ["a", "b", None, "d", "e"], "x": [0.5, 1.0, 2.0, 3.0, 4.0]}
)


def _criteo(label: int) -> str:
    return "\t".join([str(label), *[""] * 13, *["ab"] * 26]) + "\n"


# Each format: two files of one source, and the options they need.
MAKERS: dict[str, tuple[Callable[[Path], None], dict[str, object]]] = {
    "parquet": (lambda file: FRAME.write_parquet(file, row_group_size=2), {}),
    "arrow": (lambda file: FRAME.write_ipc(file, record_batch_size=2), {}),
    "csv": (lambda file: FRAME.write_csv(file), {}),
    "tsv": (lambda file: FRAME.write_csv(file, separator="\t"), {}),
    "criteo": (lambda file: file.write_text(_criteo(0) + _criteo(1) + _criteo(1)), {}),
    "libsvm": (lambda file: file.write_text("1 1:.5 3:2\n0 2:1\n\n1 1:4\n"), {}),
    "letor": (lambda file: file.write_text("1 qid:1 1:.5 2:2 #docid = A\n0 qid:1 2:1\n"), {}),
    "sequences": (
        lambda file: file.write_text(
            "".join(f"{file.stem}{user} 1 2 3 4 5 {user + 10} 6 7\n" for user in range(1, 5))
        ),
        {"valid_negatives": 1, "test_negatives": 2},
    ),
    "trec_run": (lambda file: file.write_text("1 Q0 a 1 .5 t\n\n1 Q0 b 2 .4 t\n"), {}),
    "trec_qrels": (lambda file: file.write_text("1 0 a 1\n1 0 b 0\n# no row\n2 0 a 2\n"), {}),
}


@pytest.fixture
def make() -> Callable[[str, Path], dict[str, object]]:
    """Write 1.data and 2.data of a format into a folder; return the options they need."""

    def make_two(name: str, folder: Path) -> dict[str, object]:
        write_one, options = MAKERS[name]
        for file in ("1.data", "2.data"):
            write_one(folder / file)
        return options

    return make_two
