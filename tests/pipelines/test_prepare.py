"""Raw rows to prepared parts, whatever comes between."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.dataset.dataset import LABEL, PROPENSITY, WEIGHT
from features.errors import ConfigError, DataError
from pipelines import division
from pipelines.config import check_config
from pipelines.prepare import Prepared, prepare
from tests.features import static_model

ROWS, CHUNK = 2000, 400
DOCUMENT: dict[str, Any] = {
    "name": "run",
    "data": {
        "paths": "log.csv",
        "label": "click",
        "query": "query",
        "split": {"type": "time", "column": "time", "train": 0.7, "valid": 0.2, "test": 0.1},
    },
    "features": [
        {"type": "id", "columns": ["user", "item"], "min_count": 2},
        {"type": "numeric", "column": "price"},
        {"type": "sequence", "column": "words", "separator": " ", "max_length": 3},
    ],
    "model": {"type": "dcn_v2"},
}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(division, "ROWS", CHUNK)


def log(seed: int = 0, rows: int = ROWS) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "number": range(rows),
            "user": rng.integers(0, 80, rows),
            "item": [f"item {i}" for i in rng.integers(0, 40, rows)],
            "price": rng.gamma(2.0, 3.0, rows),
            "words": [" ".join(map(str, rng.integers(0, 9, n))) for n in rng.integers(1, 5, rows)],
            "time": rng.integers(0, 500, rows),
            "query": np.arange(rows) // 5,
            "click": (rng.random(rows) < 0.25).astype(int),
        }
    )


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder with log.csv and later.csv."""
    log().write_csv(tmp_path / "log.csv")
    log(seed=1, rows=700).write_csv(tmp_path / "later.csv")
    return tmp_path


Preparing = Callable[..., Prepared]


@pytest.fixture
def prepared(base: Path) -> Preparing:
    def run(root: str = "runs", **data: Any) -> Prepared:
        document = {**DOCUMENT, "data": {**DOCUMENT["data"], **data}}
        return prepare(check_config(document, base), base / root, lambda *_: None)

    return run


def content(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_parts_hold_the_rows_of_the_split_in_order(prepared: Preparing, base: Path) -> None:
    found = prepared()
    frame = log()
    train_end = np.quantile(frame["time"].to_numpy(), 0.7, method="higher")
    train = frame.filter(pl.col("time") < train_end)
    dataset = found.part("train")
    assert dataset.frame([LABEL, "__query"]).equals(
        train.select(
            pl.col("click").cast(pl.Float32).alias(LABEL), pl.col("query").alias("__query")
        )
    )
    assert len(dataset.manifest.parts) == ROWS // CHUNK
    assert sum(found.about["rows"].values()) == ROWS
    assert found.about["negatives"] is None
    told = found.about["labels"]["train"]
    assert told["sum"] == told["positives"] == train["click"].sum()
    assert told["mean"] == told["weighted_mean"] == pytest.approx(train["click"].mean())
    assert dataset.manifest.labels is not None
    assert found.golden.height == 26


# Forks one process for each point at which it is to be killed, and says how each came out.
CHILD = """
import json, os, signal, sys, time
sys.modules["tensorflow"] = None  # the base install prepares
from pathlib import Path
from pipelines import division
from pipelines.config import check_config
from pipelines.prepare import prepare

document, base, root, points, together = json.loads(sys.argv[1])
division.ROWS = 400
rename = Path.rename

def attempt(point, out):
    log, (kind, what, after) = [], point
    def kill(here, it):
        if (here, str(it)) == (kind, what) if kind == "report" else (here == kind and what in it):
            os.write(out, json.dumps(log).encode())
            os.kill(os.getpid(), signal.SIGKILL)
    def report(stage, done, total):
        log.append([stage, done])
        kill("report", f"{stage} {done}")
    def renaming(path, target):
        if after:
            found = rename(path, target)
            kill("rename", path.name)
            return found
        kill("rename", path.name)
        return rename(path, target)
    Path.rename = renaming
    prepare(check_config(document, Path(base)), Path(root), report)
    os.write(out, json.dumps(log).encode())

def start(point):
    into, out = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(into)
        attempt(point, out)
        os._exit(0)
    os.close(out)
    if point[0] == "timer":
        time.sleep(float(point[1]))
        os.kill(pid, signal.SIGKILL)
    return pid, into

def end(pid, into):
    with os.fdopen(into) as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), json.loads(said or "[]")

if together:
    found = [end(*started) for started in [start(point) for point in points]]
else:
    found = [end(*start(point)) for point in points]
sys.stdout.write(json.dumps(found))
"""
NEVER = ("never", "", False)


def attempts(
    base: Path, root: Path, points: list[tuple[str, str, bool]], *, together: bool = False
) -> list[Any]:
    """(exit code, reports) of one process after the other, each killed at its point."""
    given = json.dumps([DOCUMENT, str(base), str(root), points, together])
    command = [sys.executable, "-c", CHILD, given]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    answer: list[Any] = json.loads(found)
    return answer


def test_killed_again_and_again_it_ends_with_the_same_bytes(
    prepared: Preparing, base: Path
) -> None:
    whole = prepared("whole").folder
    points = [
        ("report", "fit 800", False),
        ("rename", ".encoder.partial", False),
        ("rename", ".golden.parquet.partial", True),
        ("rename", ".fit.json.partial", False),
        ("report", "encode 400", False),
        ("rename", ".part-00001.parquet.partial", False),
        ("rename", ".part-00001.parquet.partial", True),
        ("rename", ".rows-00002.json.partial", True),
        ("rename", ".prepared.json.partial", True),
        ("rename", ".unfinished", False),
        ("rename", ".unfinished", True),
        NEVER,
    ]
    found = attempts(base, base / "killed", points)
    assert [code for code, _ in found] == [-9] * (len(points) - 1) + [0]
    folder = base / "killed" / "prepared" / whole.name
    assert content(folder) == content(whole)
    assert {path.name for path in folder.parent.iterdir() if path.is_dir()} == {whole.name}
    # Finished work is not done again: the fit until it is recorded, then each chunk once. (Of the
    # third, the record stood but the report was still to come.)
    fits = [[stage for stage, _ in reports].count("fit") for _, reports in found]
    assert fits == [2, 5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0]
    encoded = [done for _, reports in found for stage, done in reports if stage == "encode"]
    assert encoded == [400, 800, 1600, 2000]


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_with_the_same_bytes(
    prepared: Preparing, base: Path
) -> None:
    whole = prepared("whole").folder
    for seed in range(2):
        delays = np.random.default_rng(seed).uniform(0.001, 0.12, 8)
        points = [("timer", str(delay), False) for delay in delays]
        found = attempts(base, base / f"random-{seed}", [*points, NEVER])
        assert {code for code, _ in found[:-1]} <= {0, -9}
        assert found[-1][0] == 0
        assert content(base / f"random-{seed}" / "prepared" / whole.name) == content(whole)


def test_of_several_at_once_one_works_and_the_others_wait(base: Path) -> None:
    found = attempts(base, base / "both", [NEVER] * 3, together=True)
    assert [code for code, _ in found] == [0] * 3
    assert sorted(len(reports) for _, reports in found) == [0, 0, 2 * ROWS // CHUNK]


class Interrupted(BaseException):
    """What nobody catches."""


def test_interrupted_anywhere_it_ends_with_the_same_bytes(
    prepared: Preparing, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = prepared("whole").folder
    rename = Path.rename
    left = 0

    def stopping(path: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left == 0:
            raise Interrupted
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", stopping)
    for point in range(1, 60, 3):
        root = f"at-{point}"
        left = point
        try:
            prepared(root)
        except Interrupted:
            left = 0
            assert not (base / root / "prepared" / whole.name).exists()
            prepared(root)
        assert content(base / root / "prepared" / whole.name) == content(whole)
    assert left > 0  # the last point was never reached


@pytest.fixture
def unfinished(prepared: Preparing, base: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work that was interrupted just before its last rename."""
    rename = Path.rename

    def stopping(path: Path, target: Path) -> Path:
        if path.name.endswith(".unfinished"):
            raise Interrupted
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", stopping)
        with pytest.raises(Interrupted):
            prepared("damaged")
    (work,) = (base / "damaged" / "prepared").glob(".*.unfinished")
    return work


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "name",
    [
        "train/part-00001.parquet",
        "steps/rows-00003.json",
        "steps/fit.json",
        "encoder/encoder.json",
        "golden.parquet",
        "prepared.json",
        "train/dataset.json",
    ],
)
@pytest.mark.parametrize("damage", [flip, Path.unlink, lambda path: path.write_bytes(b"")])
def test_damaged_work_is_done_again(
    unfinished: Path, prepared: Preparing, name: str, damage: Callable[[Path], None]
) -> None:
    damage(unfinished / name)
    (unfinished / "train" / "part-00077.parquet").write_bytes(b"foreign")
    found = prepared("damaged")
    assert content(found.folder) == content(prepared("whole").folder)


def test_work_of_another_log_is_not_gone_on_with(
    unfinished: Path, prepared: Preparing, base: Path
) -> None:
    """As if its folder had been copied to where another key works."""
    other = prepared("other", paths="later.csv")
    copied = base / "copied" / "prepared" / f".{other.folder.name}.unfinished"
    copied.parent.mkdir(parents=True)
    unfinished.rename(copied)
    assert content(prepared("copied", paths="later.csv").folder) == content(other.folder)


@pytest.mark.skipif(not static_model.INSTALLED, reason="needs the extra text")
def test_another_embedding_model_in_the_same_folder_is_prepared_anew(base: Path) -> None:
    model = static_model.save(base / "model")
    derived = {"type": "embedding", "name": "meaning", "column": "words", "model": model}
    vector = {"type": "vector", "column": "meaning", "dim": static_model.DIM}
    features = [*DOCUMENT["features"], vector]
    config = check_config({**DOCUMENT, "derived": [derived], "features": features}, base)

    def run() -> Prepared:
        return prepare(config, base / "runs", lambda *_: None)

    first = run()
    assert run().folder == first.folder
    static_model.save(base / "model", words=("1", "2", "3"))
    assert run().folder != first.folder
    assert content(run().folder) != content(first.folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, which is always full")
def test_a_full_disk_is_told_and_gone_on_from(
    prepared: Preparing, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines import preparation

    write = preparation.write_part

    def full(folder: Path, number: int, encoded: pl.DataFrame) -> Any:
        if number == 2:
            (folder / f".part-{number:05d}.parquet.partial").symlink_to("/dev/full")
        return write(folder, number, encoded)

    with monkeypatch.context() as patch:
        patch.setattr(preparation, "write_part", full)
        with pytest.raises(
            DataError, match=r"could not be written: No space left.*free some space"
        ):
            prepared("full")
    (work,) = (base / "full" / "prepared").glob(".*.unfinished")
    assert {path.stem for path in (work / "steps").iterdir()} == {"fit", "rows-00000", "rows-00001"}
    assert content(prepared("full").folder) == content(prepared("whole").folder)


SPLITS: list[dict[str, Any]] = [
    {"type": "order", "train": 1.0, "valid": 0.0, "test": 0.0},
    {"type": "time", "column": "time", "train": 0.8, "valid": 0.0, "test": 0.2},
    {"type": "hash", "column": "user", "train": 0.9, "ranker": 0.1, "valid": 0.0, "test": 0.0},
    {"type": "column", "column": "part"},
]


@pytest.mark.parametrize("split", SPLITS, ids=lambda one: one["type"])
def test_files_of_their_own_go_with_each_split(
    prepared: Preparing, base: Path, split: dict[str, Any]
) -> None:
    log().with_columns(part=pl.lit("train")).write_csv(base / "log.csv")
    found = prepared(split=split, valid_paths="later.csv")
    later = log(seed=1, rows=700)
    assert found.about["rows"]["valid"] == 700
    assert sum(found.about["rows"].values()) == ROWS + 700
    assert (
        found.part("valid").frame(["__query"])["__query"].equals(later["query"], check_names=False)
    )
    assert found.golden["item"][0] == later["item"][0]


@pytest.mark.parametrize("own", [("valid",), ("test",), ("valid", "test")])
def test_without_a_split_the_shares_of_such_parts_train(
    base: Path, own: tuple[str, ...], tmp_path: Path
) -> None:
    data = {key: value for key, value in DOCUMENT["data"].items() if key != "split"}
    data |= {f"{part}_paths": "later.csv" for part in own}
    config = check_config({**DOCUMENT, "data": data}, base)
    assert set(config.data.split.parts) == {"train", "valid", "test"} - set(own)
    rows = prepare(config, base / "runs", lambda *_: None).about["rows"]
    assert rows["train"] == ROWS * (0.8 + 0.1 * len(own))


def test_a_part_has_one_source(prepared: Preparing, base: Path) -> None:
    for split in ({"type": "kfold", "column": "user"}, {"type": "order"}):
        with pytest.raises(ConfigError, match="data: the part valid must come from valid_paths or"):
            prepared(split=split, valid_paths="later.csv")
    log().with_columns(part=pl.lit("valid")).write_csv(base / "log.csv")
    with pytest.raises(DataError, match=r"'valid' must come from data.valid_paths alone"):
        prepared(split={"type": "column", "column": "part"}, valid_paths="later.csv")


def test_folds_test_every_row_once(prepared: Preparing) -> None:
    tested = [
        prepared(split={"type": "kfold", "column": "user", "k": 4, "fold": fold})
        .part("test")
        .frame(["__query", "price"])
        for fold in range(4)
    ]
    assert sum(frame.height for frame in tested) == ROWS
    assert sorted(pl.concat(tested)["__query"]) == sorted(log()["query"])


def test_thinned_negatives_keep_their_weight(prepared: Preparing) -> None:
    split = {"type": "order", "train": 0.8, "valid": 0.1, "test": 0.1}
    frame = log()[: int(ROWS * 0.8)]
    found = prepared(split=split, negatives={"rate": 0.2, "seed": 3})
    train = found.part("train").frame([LABEL, WEIGHT])
    told = found.about["negatives"]
    kept, before = (train[LABEL] == 0).sum(), (frame["click"] == 0).sum()
    assert (told["before"], told["after"]) == (before, kept)
    assert (told["weight"], told["offset"], found.offset) == (5.0, 0.0, 0.0)
    assert kept == pytest.approx(0.2 * before, abs=4 * math.sqrt(before * 0.16))
    # All positives as they were; the negatives' weights add up to kept / rate, exactly.
    assert train.filter(pl.col(LABEL) == 1)[WEIGHT].to_list() == [1.0] * frame["click"].sum()
    assert train.filter(pl.col(LABEL) == 0)[WEIGHT].sum() == kept / 0.2
    labels = found.about["labels"]["train"]
    assert labels["weight"] == frame["click"].sum() + kept * 5
    assert labels["weighted_mean"] == pytest.approx(frame["click"].mean(), rel=0.15)
    # The other parts stay whole, and weigh nothing.
    assert found.about["rows"]["valid"] == found.about["rows"]["test"] == ROWS // 10
    assert found.part("valid").manifest.roles == ("label", "query")


def test_the_whole_log_is_the_mean_of_its_samples(prepared: Preparing) -> None:
    """Over seeds, the weighted negatives add up to those of the log: 12 draws, 4 deviations."""
    split = {"type": "order", "train": 0.8, "valid": 0.1, "test": 0.1}
    before = int((log()[: int(ROWS * 0.8)]["click"] == 0).sum())
    mass = []
    for seed in range(12):
        labels = prepared(split=split, negatives={"rate": 0.5, "seed": seed}).about["labels"]
        mass.append(labels["train"]["weight"] - labels["train"]["positives"])
    assert np.mean(mass) == pytest.approx(before, abs=4 * math.sqrt(before / 12))


def test_declared_weights_are_multiplied(prepared: Preparing, base: Path) -> None:
    log().with_columns(w=pl.col("price") + 1).write_csv(base / "log.csv")
    split = {"type": "order", "train": 0.8, "valid": 0.1, "test": 0.1}
    whole = prepared(split=split, weight="w").part("train").frame([LABEL, WEIGHT, "__query"])
    thin = prepared(split=split, weight="w", negatives={"rate": 0.5}).part("train").frame()
    ratio = thin.with_row_index().join(whole.unique("__query"), on="__query").height
    assert ratio > 0
    known = set(whole[WEIGHT].to_list())
    factor = pl.when(pl.col(LABEL) == 0).then(0.5).otherwise(1.0)
    undone = thin.select((pl.col(WEIGHT) * factor).cast(pl.Float32)).to_series()
    assert set(undone.to_list()) <= known
    assert 0 < thin.height < whole.height


def test_the_prior_leaves_weights_alone_and_tells_the_offset(prepared: Preparing) -> None:
    found = prepared(negatives={"rate": 0.2, "correct": "prior"})
    assert WEIGHT not in found.part("train").frame().columns
    assert found.offset == math.log(0.2)
    same = prepared(negatives={"rate": 0.2})
    assert same.about["rows"] == found.about["rows"]
    assert same.folder != found.folder


def test_negatives_need_labels_that_are_0_or_1(prepared: Preparing, base: Path) -> None:
    log().with_columns(click=pl.col("click") * 2).write_csv(base / "log.csv")
    with pytest.raises(DataError, match="Labels must be 0 or 1 for a CTR model; .* holds 2"):
        prepared(negatives={"rate": 0.5})
    data = {**DOCUMENT["data"], "negatives": {"rate": 0.5}}
    ranker = {"unbiased": False}
    with pytest.raises(ConfigError, match="a .ranker. alone learns from whole queries"):
        check_config({**DOCUMENT, "data": data, "model": None, "ranker": ranker}, base)


def test_logged_propensities_go_into_the_parts(prepared: Preparing, base: Path) -> None:
    raw = log().with_columns(p=pl.Series(np.linspace(0.001, 1, ROWS)))
    raw.write_csv(base / "log.csv")
    split = {"type": "order", "train": 0.8, "valid": 0.1, "test": 0.1}
    dataset = prepared(split=split, propensity="p").part("train")
    assert "propensity" in dataset.manifest.roles
    written = dataset.frame([PROPENSITY])[PROPENSITY]
    assert written.to_list() == raw["p"].cast(pl.Float32).head(len(written)).to_list()
    assert len(written) > ROWS / 2
