"""A file of predictions in parts: the values of the whole, and what cannot be had."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

METRICS = "AUC,LogLoss,ECE(bins=20),GAUC(user),nDCG@5"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    random = np.random.default_rng(2)
    scores = random.random(5000).round(3)
    pl.DataFrame(
        {
            "clicked": (random.random(5000) < scores).astype(int),
            "p": scores,
            "user": random.integers(0, 60, 5000),
            "list": np.arange(5000) // 10,
        }
    ).write_csv(tmp_path / "predictions.csv")
    return tmp_path / "predictions.csv"


def test_the_values_are_those_of_all_rows(crossrank: Callable[..., Any], file: Path) -> None:
    options = ["--label", "clicked", "--score", "p", "--query", "list", "--metrics", METRICS]
    found = crossrank("evaluate", file, *options, "--stream", "--json").json
    whole = crossrank("evaluate", file, *options, "--json").json
    assert found["metrics"]["scores"] == pytest.approx(whole["metrics"]["ctr"], rel=1e-12)
    assert found["rows"] == whole["rows"] == 5000
    assert found["intervals"]["scores"]["AUC"]["low"] is None
    assert found["counts"]["scores"]["AUC"] == whole["counts"]["ctr"]["AUC"]


def test_a_gate_of_a_stream(crossrank: Callable[..., Any], file: Path) -> None:
    options = ["--label", "clicked", "--score", "p", "--stream"]
    told = crossrank("evaluate", file, *options, "--require", "AUC>=0.99")
    assert told.code == 3
    assert "gate failed" in told.err
    assert "AUC" in told.out
    assert "Intervals" not in told.out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--by", "user"], "--by needs all rows at once"),
        (["--metrics", "GAUC(device)"], "must hold 'device', which a metric needs"),
        (["--score", "q"], "Column 'q' must be in the predictions"),
    ],
)
def test_what_a_stream_cannot_do(
    crossrank: Callable[..., Any], file: Path, more: list[str], said: str
) -> None:
    told = crossrank("evaluate", file, "--label", "clicked", "--score", "p", "--stream", *more)
    assert told.code == 1
    assert said in " ".join(told.err.split())


def test_a_run_is_not_streamed(crossrank: Callable[..., Any], tmp_path: Path) -> None:
    told = crossrank("evaluate", tmp_path, "--stream")
    assert told.code == 1
    assert "Only a file of predictions can be streamed" in told.err
