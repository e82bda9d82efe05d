from pathlib import Path
from typing import Any

import pytest

from features.errors import ConfigError
from pipelines.config import check_config, load_config, parse_overrides

BASE: dict[str, Any] = {
    "name": "run",
    "data": {"paths": "log.csv", "label": "click"},
    "features": [{"type": "id", "columns": ["a", "b"]}],
    "model": {"type": "dcn_v2"},
}


def write(folder: Path, text: str) -> Path:
    path = folder / "one.toml"
    path.write_text(text)
    return path


TOML = """
[data]
paths = "log.csv"
label = "click"
[[features]]
type = "id"
columns = "a"
[model]
type = "dcn_v2"
"""


def test_the_name_is_the_files_and_paths_are_relative_to_it(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, TOML))
    assert config.name == "one"
    assert config.base == tmp_path


def test_paths_may_be_relative_to_another_folder(tmp_path: Path) -> None:
    (tmp_path / "found").mkdir()
    path = write(tmp_path / "found", f'base = ".."\n{TOML}')
    assert load_config(path).base == tmp_path
    with pytest.raises(ConfigError, match="base must be a folder, as text; got 3"):
        load_config(path, ["base=3"])


def test_overrides_reach_into_sections(tmp_path: Path) -> None:
    config = load_config(
        write(tmp_path, TOML),
        ["train.batch_size=8192", "model.hidden=[8, 4]", "data.label=clicked", "train.seed = 3"],
    )
    assert (config.train.batch_size, config.train.seed) == (8192, 3)
    assert config.model.hidden == (8, 4)
    assert config.data.label == "clicked"


def test_a_group_keeps_its_rule_when_only_its_rate_is_given() -> None:
    document = {**BASE, "train": {"optimizers": {"wide": {"learning_rate": 0.5}}}}
    optimizers = check_config(document, Path()).train.optimizers
    assert (optimizers.wide.type, optimizers.wide.learning_rate) == ("ftrl", 0.5)
    assert optimizers.embeddings.type == "adagrad"


def test_survives_its_own_json() -> None:
    config = check_config({**BASE, "train": {"epochs": 7}}, Path())
    again = check_config(config.model_dump(mode="json"), Path())
    assert again == config
    assert again.train.epochs == 7


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"data": {"paths": "x", "lable": "y"}},
            "data.lable is not a known key. Did you mean 'label'",
        ),
        ({"modle": {}}, "modle is not a known key. Did you mean 'model'"),
        (
            {"model": {"type": "dcn_v2", "hiden": [1]}},
            "model.hiden is not a known key. Did you mean 'hidden'",
        ),
        (
            {"model": {"type": "dcn_v3"}},
            r"model.type must be one of 'afn', .*, 'xdeepfm'; got 'dcn_v3'",
        ),
        ({"model": {}}, "model must say its `type`"),
        (
            {"train": {"epochs": 0}},
            "train.epochs: Input should be greater than or equal to 1; got 0",
        ),
        ({"features": []}, "at least one feature"),
        (
            {"features": [{"type": "id", "columns": "a", "min_cuont": 2}]},
            "Did you mean 'min_count'",
        ),
        ({"features": [{"type": "id", "columns": ["a", "a"]}]}, "a came twice"),
        ({"features": [{"type": "id", "columns": "click"}]}, "must not be a feature"),
        ({"model": None}, r"needs a \[model\], a \[ranker\], or both"),
        ({"ranker": {}}, "needs data.query"),
        ({"data": {"paths": "x"}}, "data.label must be given"),
        ({"name": "../up"}, "name: String should match pattern"),
    ],
)
def test_says_what_is_wrong_in_one_line(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        check_config({**BASE, **change}, Path())
    assert "\n" not in str(caught.value)


def test_a_ranker_needs_positions_and_rows_of_its_own() -> None:
    data = {"paths": "x", "label": "y", "query": "q"}
    with pytest.raises(ConfigError, match="unbiased ranker needs data.position"):
        check_config({**BASE, "data": data, "ranker": {}}, Path())
    data = {**data, "position": "p"}
    with pytest.raises(ConfigError, match="set data.split.ranker"):
        check_config({**BASE, "data": data, "ranker": {}}, Path())
    alone = {**BASE, "data": data, "ranker": {}, "model": None}
    assert check_config(alone, Path()).ranker is not None


@pytest.mark.parametrize(
    "loss", [{"type": "bpr"}, {"type": "combined", "losses": [{"type": "softmax"}]}]
)
def test_a_loss_within_queries_needs_whole_queries(loss: dict[str, Any]) -> None:
    document = {**BASE, "train": {"loss": loss}}
    with pytest.raises(ConfigError, match=f"'{loss['type']}' .* needs data.query"):
        check_config(document, Path())
    data = {**BASE["data"], "query": "q"}
    assert check_config({**document, "data": data}, Path()).train.loss.needs_query
    thinned = {**data, "negatives": {"rate": 0.5}}
    with pytest.raises(ConfigError, match="needs whole queries; data.negatives leaves rows out"):
        check_config({**document, "data": thinned}, Path())
    assert check_config({**BASE, "data": thinned}, Path()).data.negatives is not None


def test_files_that_are_not_configurations(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must exist"):
        load_config(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="must be a TOML file"):
        load_config(write(tmp_path, "a = = 1"))
    (tmp_path / "bin.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="must be a TOML file"):
        load_config(tmp_path / "bin.toml")


def test_overrides_that_do_not_parse() -> None:
    assert parse_overrides(["a.b=1", "a.c=x y"]) == {"a": {"b": 1, "c": "x y"}}
    with pytest.raises(ConfigError, match="must look like"):
        parse_overrides(["train.epochs"])
    with pytest.raises(ConfigError, match="list or a value"):
        parse_overrides(["a=1", "a.b=2"])
