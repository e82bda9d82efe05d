import gzip
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import ConfigError, DataError
from pipelines.config import Config, load_config
from pipelines.init import write_config
from pipelines.prepare import Prepared, prepare
from pipelines.simulator.config import SimulatorConfig
from pipelines.simulator.simulation import simulate
from pipelines.splits.order import ByOrder
from pipelines.splits.time import ByTime

DATA = Path(__file__).parents[3] / "shared" / "data"
TRIVAGO = DATA / "trivago2019" / "clickout_impressions_dev.csv.gz"
CRITEO = DATA / "criteo_dac" / "train_rows_0_63999.csv.gz"
AVAZU = DATA / "avazu" / "avazu_random_15k.csv.gz"
ADULT = DATA / "adult" / "adult.data.gz"
ROWS = 600
ADULT_COLUMNS = (
    "age,workclass,fnlwgt,education,education-num,marital-status,occupation,relationship,race,sex,"
    "capital-gain,capital-loss,hours-per-week,native-country,income"
)


def need(file: Path) -> str:
    if not file.exists():
        pytest.skip(f"{file.name} is not in shared/data")
    return str(file)


def written(tmp_path: Path, data: str, **given: Any) -> tuple[Config, Prepared]:
    """The configuration guessed for `data`, read back, and its rows prepared."""
    out = tmp_path / "config" / "run.toml"
    lines = write_config(data, out, **given)
    assert all(": guessed " in line and " because " in line for line in lines)
    config = load_config(out)
    return config, prepare(config, tmp_path / "runs", lambda *_: None)


def types(config: Config) -> dict[str, str]:
    return {feature.column: feature.type for feature in config.schema_.features}


def frame(columns: dict[str, Any]) -> pl.DataFrame:
    """`ROWS` rows: a random label, a feature, and `columns`."""
    rng = np.random.default_rng(0)
    always = {"click": rng.integers(0, 2, ROWS), "price": rng.lognormal(size=ROWS)}
    return pl.DataFrame({**always, **columns})


def draws(most: int, rows: int = ROWS) -> np.ndarray:
    return np.random.default_rng(most).integers(0, most, rows)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = SimulatorConfig(rows=5_000, users=200, items=500, seed=3)
    return simulate(config, tmp_path_factory.mktemp("simulation") / "out").path / "log"


def test_simulated_log(log: Path, tmp_path: Path) -> None:
    config, prepared = written(tmp_path, str(log))
    assert (config.base / config.data.paths).resolve() == log  # type: ignore[operator]
    assert not Path(config.data.paths).is_absolute()  # type: ignore[arg-type]
    assert config.schema_.roles == {"label": "click", "query": "query_id", "position": "position"}
    assert config.data.split == ByTime(column="timestamp", train=0.7, ranker=0.1)
    assert config.ranker is not None
    assert config.ranker.unbiased
    texts = ["user_id", "user_country", "user_age", "device"]
    texts += ["item_id", "item_category", "item_brand"]
    assert types(config) == dict.fromkeys(texts, "id") | {
        "item_price": "numeric",
        "item_age_days": "numeric",
        "history": "sequence",
    }
    history = next(one for one in config.schema_.features if one.name == "history")
    assert (history.key, history.max_length) == ("item_id", 20)
    assert prepared.about["rows"] == {"train": 3500, "ranker": 500, "valid": 500, "test": 500}
    assert config.model.type == "dcn_v2"
    assert (config.train.epochs, config.train.batch_size) == (10, 256)


def test_adult(tmp_path: Path) -> None:
    text = gzip.decompress(Path(need(ADULT)).read_bytes()).decode()
    text = text.replace("<=50K", "0").replace(">50K", "1").replace(", ", ",").strip()
    csv = tmp_path / "adult.csv"
    csv.write_text(f"{ADULT_COLUMNS}\n{text}\n")
    with pytest.raises(ConfigError, match="columns of 0 and 1 are income"):
        write_config(str(csv), tmp_path / "none.toml")
    assert not (tmp_path / "none.toml").exists()
    config, prepared = written(tmp_path, str(csv), label="income")
    amounts = {"age", "fnlwgt", "education-num", "hours-per-week", "capital-gain", "capital-loss"}
    found = types(config)
    assert {column for column, kind in found.items() if kind == "numeric"} == amounts
    assert len(found) == 14
    logged = {one.name for one in config.schema_.features if getattr(one, "log", False)}
    assert logged == {"capital-gain", "capital-loss"}
    assert config.data.split == ByOrder()
    assert config.ranker is None
    assert sum(prepared.about["rows"].values()) == 32_561


def test_trivago(tmp_path: Path) -> None:
    config, prepared = written(tmp_path, need(TRIVAGO))
    roles = {"label": "click", "query": "clickout_id", "position": "position"}
    assert config.schema_.roles == roles
    assert config.data.split == ByTime(column="timestamp", train=0.7, ranker=0.1)
    found = {one.name: one for one in config.schema_.features}
    ids = dict.fromkeys(["user_id", "platform", "city", "device", "item_id"], "id")
    numerics = {"step": "numeric", "price": "numeric"}
    assert types(config) == ids | numerics | {"current_filters": "sequence"}  # session_id is out
    assert found["current_filters"].separator == "|"
    assert found["price"].log
    assert found["item_id"].min_count == 4
    assert found["platform"].min_count == 1
    assert min(prepared.about["rows"].values()) > 20_000


def test_criteo_reads_as_the_example_declares_it(tmp_path: Path) -> None:
    config, _ = written(tmp_path, need(CRITEO))
    assert config.schema_.roles == {"label": "label"}
    example = load_config(Path(__file__).parents[2] / "examples" / "criteo.toml")
    theirs = {one.name: one for one in example.schema_.features}
    assert {one.name: one for one in config.schema_.features} == theirs
    blocks = [one["columns"] for one in config.features]
    assert blocks == ["I1..I13", "C1..C26"]


def test_avazu_numbers_are_ids(tmp_path: Path) -> None:
    config, _ = written(tmp_path, need(AVAZU))
    assert config.data.label == "click"
    assert set(types(config).values()) == {"id"}
    assert len(types(config)) == 21


def test_any_column_name_survives(tmp_path: Path) -> None:
    names = [
        'quo"te',
        "sp ace",
        "dot.ted",
        "üñí",
        "tab\t",
        "new\nline",
        "a..b",
        "C1..C3",
        "C1",
        "C2",
    ]
    names += ["C3", "back\\slash", "", "#hash", "[x]", "'", "\x7f", "C4\n", "01", "02", "03"]
    names += ['"""', "= 1\n[data]\nlabel", "\u2028", "label = "]
    data = frame({name: [f"v{value}" for value in draws(9)] for name in names})
    data = data.rename({"click": 'cl"ick\n'})
    data.write_parquet(tmp_path / "a [1].parquet")
    out = tmp_path / 'my "first".toml'
    write_config(str(tmp_path / "a [1].parquet"), out, label='cl"ick\n')
    config = load_config(out)
    assert config.name == "my-first"
    assert types(config) == {"price": "numeric"} | dict.fromkeys(names, "id")
    assert prepare(config, tmp_path, lambda *_: None).about["rows"]["train"] == 480


def test_csv_with_a_declared_dtype_and_a_glob(tmp_path: Path) -> None:
    (tmp_path / "in [x]").mkdir()
    for part in (1, 2):
        frame({"a b": draws(5)}).write_csv(tmp_path / "in [x]" / f"p{part}.csv", separator=";")
    options = {"separator": ";", "dtypes": {"a b": "string"}}
    pattern = str(tmp_path / "in [[]x]" / "*.csv")
    config, prepared = written(tmp_path, pattern, format="csv", options=options)
    assert types(config)["a b"] == "id"
    assert sum(prepared.about["rows"].values()) == 2 * ROWS


@pytest.mark.parametrize(
    ("columns", "label", "message"),
    [
        ({"a": [1, 2], "b": ["x", "y"]}, None, "no column is 0 and 1"),
        ({"a": [0, 1], "b": [1, 0]}, None, "columns of 0 and 1 are a, b"),
        ({"a": [0, 1], "click": [0, None]}, None, "'click' misses 1 of 2 rows"),
        ({"a": [0, 1], "label": [1, 1]}, None, r"'label' holds Int64: 1\)"),
        ({"bought": [0, 1], "liked": [1, 0]}, None, "columns of 0 and 1 are bought, liked"),
        ({"a": [0, 1], "click": [0, 1]}, "clik", "Did you mean 'click'"),
        ({"a": [3, 4], "click": [0, 1]}, "a", "holds Int64: 3, 4"),
        ({"click": [0, 1]}, None, "none beside the label"),
        ({"click": [0, 1], "a": [5, 5]}, None, "'a': it is the same in every row"),
    ],
)
def test_refusals(tmp_path: Path, columns: dict[str, Any], label: str | None, message: str) -> None:
    pl.DataFrame(columns).write_parquet(tmp_path / "log.parquet")
    with pytest.raises(ConfigError, match=message):
        write_config(str(tmp_path / "log.parquet"), tmp_path / "run.toml", label=label)
    assert not (tmp_path / "run.toml").exists()


@pytest.mark.parametrize("content", ["", "click,a\n"])
def test_empty_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "log.csv").write_text(content)
    with pytest.raises(DataError, match=r"empty|no rows"):
        write_config(str(tmp_path / "log.csv"), tmp_path / "run.toml")
    assert not (tmp_path / "run.toml").exists()


def test_existing_file_is_kept(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "run.toml"
    out.write_text("mine")
    with pytest.raises(ConfigError, match="must not exist yet"):
        write_config(str(log), out)
    assert out.read_text() == "mine"
