"""What the benchmark of learning from clicks prints."""

from __future__ import annotations

from benchmarks.debiasing import AUTO, LIGHTGBM, XGBOOST, table


def _log(eta: float, auto: float, xgboost: float) -> dict[str, object]:
    ndcg = {AUTO: auto, XGBOOST: xgboost, LIGHTGBM: 0.5}
    return {"logger": "weak", "eta": eta, "ndcg": ndcg}


def test_gains_are_paired_and_their_error_is_of_the_pairs() -> None:
    """Gains of 0.1 and 0.3: mean 0.2, deviation 0.1414, error 0.1."""
    heads, line, *rows = table([_log(1.0, 0.5, 0.4), _log(1.0, 0.9, 0.6), _log(0.5, 0.7, 0.5)])
    assert heads.count("|") == line.count("|") == rows[0].count("|")
    every, one, half = rows
    assert one.startswith("| weak, 1 | 2 | 0.7000 | 0.5000 | 0.5000 | +0.2000 ± 0.1000 |")
    assert every.startswith("| weak, all | 3 | 0.7000 |")
    assert half == "| weak, 0.5 | 1 | 0.7000 | 0.5000 | 0.5000 | +0.2000 | +0.2000 |"
