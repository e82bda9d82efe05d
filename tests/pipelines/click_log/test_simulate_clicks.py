"""The command on judged documents that the test writes."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.click_log.config import ClickLogConfig
from ranking.clicks.fit import fit

ROOT = Path(__file__).resolve().parents[3]
QUERIES, DOCUMENTS, FEATURES = 30, 12, 4


def letor(seed: int = 0) -> str:
    """Grades follow the first feature; query ids are no row numbers."""
    rng = np.random.default_rng(seed)
    lines = []
    for query in range(QUERIES):
        for document in range(DOCUMENTS if query else 2):
            features = rng.standard_normal(FEATURES)
            grade = int(np.clip(np.rint(features[0] + 0.3 * rng.standard_normal()), 0, 2))
            pairs = " ".join(f"{i}:{value:.6f}" for i, value in enumerate(features, 1))
            lines.append(f"{grade} qid:{1000 + query} {pairs} #docid = D{query}-{document}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    (tmp_path / "judged.txt").write_text(letor())
    return tmp_path / "judged.txt"


@pytest.fixture
def simulate(crossrank: Callable[..., Any], judged: Path) -> Callable[..., Any]:
    def run(out: Path, *arguments: str) -> Any:
        return crossrank(
            "simulate-clicks", judged, "--format", "letor", "--out", out, "--json", *arguments
        )

    return run


def test_process(judged: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-c", "from pipelines.cli import main; main()", "simulate-clicks",
            str(judged), "--format", "letor", "--out", "log", "--sessions", "20",
            "--logger", "weak", "--logger", "mixed:0.8", "--set", "swap=0.25", "--json",
        ],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    log = pl.read_parquet(tmp_path / "log" / "log")
    assert log.height == answer["rows"] == 20 * (29 * 10 + 2)
    assert log["click"].sum() == answer["clicks"] > 0
    assert log.columns == [
        "session", "query", "document", "logger", "variant", "position", "propensity", "click",
        "f1", "f2", "f3", "f4",
    ]  # fmt: skip
    assert set(log["logger"]) == {"0:weak", "1:mixed:0.8"}
    assert set(log["variant"]) == {"plain", "swap"}
    assert log["propensity"].is_between(0, 1).all()
    pages = log.group_by("session").agg(
        pl.col("position").sort(), pl.col("query").n_unique(), pl.col("document").n_unique()
    )
    assert (pages["query"] == 1).all()
    assert (pages["document"] == pages["position"].list.len()).all()
    assert all(page.to_list() == list(range(len(page))) for page in pages["position"])
    assert answer["examination"] == pytest.approx([1 / (1 + k) for k in range(10)])


def test_rows_are_the_judged_documents(simulate: Callable[..., Any], tmp_path: Path) -> None:
    """Their features are in the log, their grades and relevance beside it."""
    assert simulate(tmp_path / "log", "--sessions", "3", "--set", "depth=20").code == 0
    log = pl.read_parquet(tmp_path / "log" / "log")
    truth = pl.read_parquet(tmp_path / "log" / "truth" / "documents.parquet")
    lines = letor().splitlines()
    assert truth["grade"].to_list() == [int(line[0]) for line in lines]
    np.testing.assert_allclose(truth["relevance"], 0.1 + 0.9 * (2 ** truth["grade"] - 1) / 3)
    names = [f"D{q - 1000}-{d}" for q, d in truth.select("query", "document").rows()]
    assert names == [line.split()[-1] for line in lines]
    shown = log.join(truth, on=["query", "document"], how="left")
    assert shown["grade"].null_count() == 0
    of = {(line.split()[1], line.split()[-1]): line.split()[2:6] for line in lines}
    for row in shown.sample(50, seed=0).iter_rows(named=True):
        pairs = of[f"qid:{row['query']}", f"D{row['query'] - 1000}-{row['document']}"]
        assert [row[f"f{i}"] for i in range(1, 5)] == pytest.approx(
            [float(one.split(":")[1]) for one in pairs]
        )


@pytest.mark.parametrize("users", ["pbm", "cascade", "ubm", "trust"])
def test_clicks_are_as_the_truth_says(
    users: str, simulate: Callable[..., Any], tmp_path: Path
) -> None:
    answer = simulate(
        tmp_path / "log", "--sessions", "400", "--click-model", users, "--logger", "random"
    ).json
    truth = json.loads((tmp_path / "log" / "truth.json").read_text())
    assert truth["users"]["type"] == users
    np.testing.assert_allclose(answer["ctr"], truth["click_probability"], atol=0.02)
    log = pl.read_parquet(tmp_path / "log" / "log")
    often = log.group_by("session").agg(pl.col("click").sum())["click"]
    assert (often.max() == 1) == (users == "cascade")


def test_the_position_bias_is_found_again(simulate: Callable[..., Any], tmp_path: Path) -> None:
    answer = simulate(
        tmp_path / "log", "--sessions", "600", "--logger", "mixed:0.5", "--set", "shuffle=0.5"
    ).json
    log = pl.read_parquet(tmp_path / "log" / "log")
    sizes = log.group_by("session", maintain_order=True).len()["len"].to_numpy()
    key = (log["query"] * 100 + log["document"]).to_numpy()
    found = fit("pbm", key, log["position"].to_numpy(), log["click"].to_numpy(), sizes)
    np.testing.assert_allclose(found.examination, answer["examination"], rtol=0.15)


def test_a_better_logger_and_the_seed(simulate: Callable[..., Any], tmp_path: Path) -> None:
    arguments = ("--sessions", "5", "--logger", "random", "--logger", "strong")
    one = simulate(tmp_path / "log", *arguments).json
    weak, strong = (logger["ndcg"] for logger in one["loggers"])
    assert strong > weak + 0.05
    same = simulate(tmp_path / "again", *arguments).json
    assert {**same, "out": one["out"]} == one
    first, second = (tmp_path / name / "log" / "part-00000.parquet" for name in ("log", "again"))
    assert first.read_bytes() == second.read_bytes()
    other = simulate(tmp_path / "again", *arguments, "--seed", "1").json  # takes its place
    assert other["ctr"] != one["ctr"]


def test_a_ranker_trains_on_it(
    simulate: Callable[..., Any], crossrank: Callable[..., Any], tmp_path: Path
) -> None:
    simulate(tmp_path / "log", "--sessions", "30")
    (tmp_path / "clicks.toml").write_text(
        """
        [data]
        paths = "log/log"
        label = "click"
        query = "session"
        position = "position"
        split = { type = "hash", column = "query", train = 0.6, valid = 0.2, test = 0.2 }
        [[features]]
        type = "numeric"
        columns = "f1..f4"
        scale = "none"
        [ranker]
        rounds = 3
        """
    )
    answer = crossrank("train", tmp_path / "clicks.toml", "--out", tmp_path / "run", "--json")
    assert answer.code == 0, answer.err
    bias = json.loads((tmp_path / "run" / "ranker" / "ranker.json").read_text())["bias"]["click"]
    assert bias[0] == 1 > bias[3]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--click-model", "pbn"], "click_model: Input should be 'pbm'"),
        (["--logger", "good"], "A logger must be weak, strong, random"),
        (["--set", "etta=1"], "etta is not a known key. Did you mean 'eta'"),
        (["--set", "swap=0.7", "--set", "shuffle=0.7"], "add up to at most 1; 0.7 and 0.7"),
        (["--label", "grade"], "column 'grade' is not in judged.txt"),
        (["--query", "label"], "columns must be distinct"),
        (["--label", "f1"], "Grades must be whole numbers from 0 to 31"),
    ],
)
def test_refusals(
    arguments: list[str], words: str, simulate: Callable[..., Any], tmp_path: Path
) -> None:
    answer = simulate(tmp_path / "log", *arguments)
    assert (answer.code, answer.out) == (1, "")
    assert words in answer.err
    assert not (tmp_path / "log").exists()


def test_other_folders_are_left_alone(simulate: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    answer = simulate(tmp_path / "mine")
    assert answer.code == 1
    assert "must be a new folder or an earlier click log" in answer.err
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_tables_of_any_kind(crossrank: Callable[..., Any], tmp_path: Path) -> None:
    """Text ids, grades under another name, and features named as columns of the log are."""
    frame = pl.DataFrame(
        {
            "topic": ["a"] * 3 + ["b"] * 2,
            "relevance": [0, 1, 2, 1, 0],
            "position": [1.5, 2.5, None, 0.0, 1.0],
            "url": ["x", "y", "z", "x", "y"],
        }
    )
    frame.write_parquet(tmp_path / "judged.parquet")
    answer = crossrank(
        "simulate-clicks", tmp_path / "judged.parquet", "--label", "relevance", "--query", "topic",
        "--out", tmp_path / "log", "--logger", "mixed:1", "--sessions", "2", "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    log = pl.read_parquet(tmp_path / "log" / "log")
    assert set(log["query"]) == {"a", "b"}
    assert "url" not in log.columns
    best = log.filter(pl.col("query") == "a").sort("session", "position")
    assert best["document"].to_list() == [2, 1, 0] * 2
    assert best["feature_position"].to_list()[1] == 2.5


def test_mq2008(crossrank: Callable[..., Any], tmp_path: Path) -> None:
    data = ROOT.parent / "shared" / "data" / "mq2008" / "S1.txt.gz"
    if not data.exists():
        pytest.skip("../shared/data/mq2008 is absent")
    answer = crossrank(
        "simulate-clicks", data, "--format", "letor", "--out", tmp_path / "log", "--json",
        "--sessions", "20", "--logger", "weak", "--logger", "strong",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    weak, strong = (logger["ndcg"] for logger in answer.json["loggers"])
    assert 0.3 < weak < strong < 1
    log = pl.read_parquet(tmp_path / "log" / "log", columns=["query", "f46"])
    assert log["query"].n_unique() == 157


def test_every_setting_is_explained() -> None:
    page = (ROOT / "docs" / "ranking.md").read_text()
    for key in ClickLogConfig.model_fields:
        assert f"| `{key}` |" in page or f"--{key.replace('_', '-').removesuffix('s')}" in page, key
