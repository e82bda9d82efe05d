"""`crossrank evaluate` and `crossrank compare` over files, as a build would call them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipelines.metrics.auc import AUC
from pipelines.metrics.predictions import Predictions

KEYS = ("--query", "query", "--on", "query,item")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """a.parquet and b.csv: two scorers of one log, in another order; b is better on phones."""
    rng = np.random.default_rng(0)
    queries = np.repeat(np.arange(400), 8)
    rows = queries.size
    device = rng.choice(["phone", "desk"], 400)[queries]
    truth = rng.normal(size=rows) - 1
    noise = (
        1.5
        * rng.normal(size=(2, rows))
        * np.stack([np.ones(rows), np.where(device == "phone", 0.1, 0.6)])
    )
    frame = pl.DataFrame(
        {
            "query": queries,
            "item": np.arange(rows) % 8,
            "device": device,
            "price": rng.exponential(size=rows),
            "user": queries // 4,
            "label": (rng.random(rows) < 1 / (1 + np.exp(-truth))).astype(int),
            "a": 1 / (1 + np.exp(-truth - noise[0])),
            "b": 1 / (1 + np.exp(-truth - noise[1])),
        }
    )
    folder = tmp_path_factory.mktemp("files")
    frame.rename({"a": "score"}).drop("b").write_parquet(folder / "a.parquet")
    other = frame.rename({"b": "score"}).drop("a")
    other.sample(fraction=1, shuffle=True, seed=1).write_csv(folder / "b.csv")
    other.write_parquet(folder / "ordered.parquet")
    return folder


def test_evaluate_tells_intervals_slices_and_counts(
    crossrank: Callable[..., Any], files: Path
) -> None:
    answer = crossrank(
        "evaluate", files / "a.parquet", "--query", "query", "--by", "device,price:4,item // 4",
        "--metrics", "AUC,LogLoss,GAUC(user),PRAUC", "--resamples", "200", "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    told = answer.json
    frame = pl.read_parquet(files / "a.parquet")
    desk = frame.filter(device="desk")
    expected = AUC().compute(Predictions(desk["label"].to_numpy(), desk["score"].to_numpy()))
    slices = {one["slice"]: one for one in told["slices"]["ctr"]}
    assert set(slices) >= {"device = phone", "device = desk", "item // 4 = 0", "item // 4 = 1"}
    assert sum(name.startswith("price") for name in slices) == 4
    assert slices["device = desk"]["metrics"]["AUC"]["value"] == pytest.approx(expected)
    values = [one["metrics"]["AUC"]["value"] for one in told["slices"]["ctr"]]
    assert values == sorted(values)
    found = told["intervals"]["ctr"]
    for one in found.values():
        assert one["low"] < one["value"] < one["high"]
    assert (found["AUC"]["unit"], found["AUC"]["units"]) == ("query", 400)
    assert (found["GAUC(user)"]["unit"], found["GAUC(user)"]["units"]) == ("user", 100)
    assert told["counts"]["ctr"]["GAUC(user)"]["groups"] == 100
    assert told["slices_note"].startswith("8 slices looked at")


def test_evaluate_for_people(crossrank: Callable[..., Any], files: Path) -> None:
    answer = crossrank(
        "evaluate", files / "a.parquet", "--query", "query", "--by", "device", "--min-rows", "1600",
        "--resamples", "100",
    )  # fmt: skip
    assert answer.code == 0
    for words in (
        "Intervals hold the truth in 95%",
        "1 slices looked at",
        "of fewer rows",
        "skipped",
    ):
        assert words in answer.out


def test_gates_have_an_exit_code_of_their_own(crossrank: Callable[..., Any], files: Path) -> None:
    command = (
        "evaluate",
        files / "a.parquet",
        "--metrics",
        "LogLoss",
        "--resamples",
        "100",
        "--json",
    )
    good = crossrank(*command, "--require", "AUC>=0.6", "--require", "PCOC in [0.5, 2]")
    assert (good.code, good.json["passed"]) == (0, True)
    bad = crossrank(*command, "--require", "AUC>=0.99", "--require", "low(AUC) > 0.6")
    assert bad.code == 3
    first, second = bad.json["gates"]
    assert not first["passed"]
    assert second["passed"]
    assert first["value"] == bad.json["metrics"]["ctr"]["AUC"]
    assert "AUC of ctr is" in first["reason"]
    assert "gate failed" in bad.err
    wrong = crossrank(*command, "--require", "AUC=>0.6")
    assert wrong.code == 1
    assert "--require must be written" in wrong.err


def test_compare_joins_by_keys_of_any_type(crossrank: Callable[..., Any], files: Path) -> None:
    told = crossrank(
        "compare", files / "a.parquet", files / "b.csv", *KEYS, "--by", "device",
        "--resamples", "500", "--json",
    ).json  # fmt: skip
    (found,) = told["compared"]
    ordered = crossrank(
        "compare", files / "a.parquet", files / "ordered.parquet", "--query", "query",
        "--resamples", "500", "--json",
    ).json["compared"][0]  # fmt: skip
    for name, one in found["differences"]["ctr"].items():
        other = ordered["differences"]["ctr"][name]
        assert one["value"] == pytest.approx(other["value"])
        assert one["error"] == pytest.approx(other["error"])
    area = found["differences"]["ctr"]["AUC"]
    assert (area["test"], area["verdict"], area["better"]) == ("DeLong", "better", True)
    assert area["adjusted"] >= area["p_value"]
    by_slice = {one["slice"]: one["verdict"] for one in found["slices"]["ctr"]}
    assert by_slice["device = phone"] == "better"
    assert found["wins"]["ctr"]["wins"] > found["wins"]["ctr"]["losses"]


def test_no_difference_is_said_to_be_none(
    crossrank: Callable[..., Any], files: Path, tmp_path: Path
) -> None:
    frame = pl.read_parquet(files / "a.parquet")
    jitter = np.random.default_rng(2).normal(size=frame.height) * 0.02
    frame.with_columns(score=(pl.col("score") + jitter).clip(0.001, 0.999)).write_parquet(
        tmp_path / "c.parquet"
    )
    command = ("compare", files / "a.parquet", tmp_path / "c.parquet", "--metrics", "AUC,Brier")
    answer = crossrank(*command, "--resamples", "300", "--max-drop", "AUC 0.05")
    assert answer.code == 0
    assert answer.out.count("No difference shown in") == 2
    assert "would be found in 80% of such logs" in " ".join(answer.out.split())
    answer = crossrank(
        "compare", files / "ordered.parquet", files / "a.parquet", "--metrics", "AUC,LogLoss",
        "--resamples", "200", "--max-drop", "AUC 0.001", "--max-drop", "LogLoss 0.9", "--json",
    )  # fmt: skip
    assert answer.code == 3
    assert [one["passed"] for one in answer.json["gates"]] == [False, True]
    assert "worse by" in answer.json["gates"][0]["reason"]


def test_several_are_compared_with_the_first(crossrank: Callable[..., Any], files: Path) -> None:
    told = crossrank(
        "compare", files / "a.parquet", files / "ordered.parquet", files / "b.csv", *KEYS,
        "--metrics", "AUC", "--json",
    ).json  # fmt: skip
    one, other = (found["differences"]["ctr"]["AUC"] for found in told["compared"])
    assert one["value"] == pytest.approx(other["value"])
    assert one["adjusted"] == pytest.approx(2 * one["p_value"])  # two tests


def written(frame: pl.DataFrame, file: Path) -> Path:
    frame.write_parquet(file)
    return file


def test_what_does_not_join_is_refused_or_counted(
    crossrank: Callable[..., Any], files: Path, tmp_path: Path
) -> None:
    whole = pl.read_parquet(files / "ordered.parquet")
    few = written(whole[5:], tmp_path / "few.parquet")
    command = ("compare", files / "a.parquet", few, "--metrics", "AUC", "--json")
    refused = crossrank(*command)
    assert "has 3200 rows and" in refused.err
    refused = crossrank(*command, *KEYS)
    assert refused.code == 1
    for words in ("5 of 3200 rows", "(0, 0)", "--missing drop"):
        assert words in refused.err
    told = crossrank(*command, *KEYS, "--missing", "drop").json
    assert told["rows"] == 3195
    assert list(told["excluded"].values()) == [5]


def test_bad_rows_are_refused_or_counted(
    crossrank: Callable[..., Any], files: Path, tmp_path: Path
) -> None:
    whole = pl.read_parquet(files / "ordered.parquet")
    twice = written(pl.concat([whole, whole[:3]]), tmp_path / "twice.parquet")
    answer = crossrank("compare", files / "a.parquet", twice, *KEYS)
    assert "6 rows of" in answer.err
    assert "share 3 of them" in answer.err
    nan = written(
        whole.with_columns(
            score=pl.when(pl.col("item") == 1).then(float("nan")).otherwise("score")
        ),
        tmp_path / "nan.parquet",
    )
    command = ("compare", files / "a.parquet", nan, "--metrics", "AUC", "--json")
    answer = crossrank(*command)
    assert answer.code == 1
    assert "400 of 3200" in answer.err
    told = crossrank(*command, "--missing", "drop").json
    assert told["rows"] == 2800
    answer = crossrank("evaluate", nan, "--metrics", "AUC")
    assert "400 of 3200 have null or NaN" in answer.err
    told = crossrank("evaluate", nan, "--metrics", "AUC", "--missing", "drop", "--json").json
    assert (told["rows"], told["excluded"]) == (2800, {"probability": 400})
    other = written(whole.with_columns(label=1 - pl.col("label")), tmp_path / "other.parquet")
    for keys in ((), KEYS):
        answer = crossrank("compare", files / "a.parquet", other, *keys)
        assert answer.code == 1
        assert "label" in answer.err
    text = written(whole.with_columns(pl.col("score").cast(pl.String)), tmp_path / "text.parquet")
    assert "must hold numbers to be the score" in crossrank("evaluate", text).err


def test_what_is_asked_wrongly_is_told(crossrank: Callable[..., Any], files: Path) -> None:
    a = files / "a.parquet"
    for command, words in (
        (("evaluate", a, "--by", "devise"), "'devise'"),
        (("evaluate", a, "--by", "device:4"), "Buckets are of a number"),
        (("evaluate", a, "--by", "price +"), "--by must name columns"),
        (("evaluate", a, "--cluster", "usr"), "'usr'"),
        (("evaluate", a, "--require", "ranker:AUC>0"), "these have it: ctr"),
        (("compare", a), "two targets or more"),
        (("compare", a, a), "two targets or more"),
        (("compare", a, files / "b.csv", "--max-drop", "PCOC 0.1"), "best in between"),
    ):
        answer = crossrank(*command)
        assert answer.code == 1, command
        assert words in answer.err, (command, answer.err)
