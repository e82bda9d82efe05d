"""What crossrank adds to the time of training LambdaMART.

`--parts overhead`: from arrays to trees by XGBoost itself, by crossrank on XGBoost's own objective,
and by XGBoost on crossrank's objectives. A million rows of 50 features in queries of 20, grades
from 0 to 4, 50 rounds, with NDCG of a small validation set each round; `--quick`: 50,000 rows.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.figures import Figure, Goal
from benchmarks.harness import Contender, environment, measure, opening, table

ROWS, QUICK_ROWS, ROUNDS, RUNS = 1_000_000, 50_000, 50, 5
FEATURES, DOCUMENTS, DEPTH = 50, 20, 20
BARE, NATIVE, PLAIN, DEBIASED = "XGBoost", "crossrank", "own objective", "own, debiased"
GOALS = (Goal(NATIVE, 1.05, over=BARE), Goal(PLAIN, 3, over=BARE), Goal(DEBIASED, 3, over=BARE))
LIBRARIES = ["numba", "numpy", "xgboost"]
OPTIONS: dict[str, Any] = {"tree_method": "hist", "eta": 0.1, "max_depth": 6, "seed": 0}
RANKED: dict[str, Any] = {
    "objective": "rank:ndcg",
    "lambdarank_pair_method": "topk",
    "lambdarank_num_pair_per_sample": DEPTH,
}

Data = tuple[Any, Any, Any]


def simulated(rows: int, seed: int) -> Data:
    """Matrix float32 (rows, features), grades float32 (rows,), sizes int64 (queries,)."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, FEATURES)).astype(np.float32)
    relevance = matrix[:, :3].sum(axis=1) + random.normal(size=rows)
    grade = np.clip(np.rint(relevance + 1), 0, 4).astype(np.float32)
    return matrix, grade, np.full(rows // DOCUMENTS, DOCUMENTS)


def _boosted(data: Data, valid: Data, options: dict[str, Any], objective: Any) -> object:
    import xgboost as xgb

    made = [xgb.DMatrix(matrix, label, group=sizes) for matrix, label, sizes in (data, valid)]
    return xgb.train(
        OPTIONS | options | {"eval_metric": "ndcg@10"},
        made[0],
        ROUNDS,
        evals=[(made[1], "valid")],
        early_stopping_rounds=ROUNDS,
        verbose_eval=False,
        obj=objective,
    )


def bare(rows: int) -> Callable[[], object]:
    return partial(_boosted, simulated(rows, 0), simulated(rows // 50, 1), RANKED, None)


def own(rows: int, debiased: bool) -> Callable[[], object]:
    from ranking.objective.debiased import Debiased
    from ranking.objective.lambdas import Lambdas
    from ranking.objective.loss import Loss
    from ranking.objective.plain import Plain

    data, valid = simulated(rows, 0), simulated(rows // 50, 1)

    def train() -> object:
        position = np.tile(np.arange(DOCUMENTS), len(data[2]))
        lambdas = Lambdas(*data[1:], position=position, loss=Loss(pairs=DEPTH))
        objective = Debiased(lambdas, depth=DEPTH) if debiased else Plain(lambdas)
        return _boosted(data, valid, {}, lambda scores, _: objective(scores))

    return train


def native(rows: int) -> Callable[[], object]:
    from pipelines.judge import judge_of, metric_of
    from ranking.lambdamart.config import RankerConfig
    from ranking.lambdamart.train import train
    from ranking.query_data import QueryData

    parts = simulated(rows, 0), simulated(rows // 50, 1)
    config = RankerConfig(unbiased=False, rounds=ROUNDS, patience=ROUNDS, num_pair_per_sample=DEPTH)
    names = [str(number) for number in range(FEATURES)]

    def learn() -> object:
        data, valid = (
            QueryData.of(matrix, label, np.repeat(np.arange(len(sizes)), sizes))
            for matrix, label, sizes in parts
        )
        judge = judge_of(metric_of("nDCG@10"), valid)
        return train(config, names, data, valid, judge, lambda *_: None)

    return learn


def overhead(rows: int, runs: int) -> list[Figure]:
    setups = {
        BARE: partial(bare, rows),
        NATIVE: partial(native, rows),
        PLAIN: partial(own, rows, debiased=False),
        DEBIASED: partial(own, rows, debiased=True),
    }
    contenders = [
        Contender(name, setup, rows * ROUNDS, "rows x rounds", needs=("xgboost",))
        for name, setup in setups.items()
    ]
    return measure(contenders, runs, warmup=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=["overhead"], default=["overhead"])
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    parser.add_argument("--json", action="store_true", help="one object instead of a table")
    parser.add_argument("--rounds", type=int, default=RUNS, help=f"turns each, default {RUNS}")
    options = parser.parse_args()
    where = environment(LIBRARIES)  # before we load the machine ourselves
    figures = overhead(QUICK_ROWS if options.quick else ROWS, options.rounds)
    verdicts = [goal.judge({one.name: one for one in figures}) for goal in GOALS]
    if options.json:
        found = [asdict(one) for one in figures]
        met = [verdict.record() for verdict in verdicts]
        print(json.dumps({"environment": where, "contenders": found, "goals": met}, indent=2))
        return
    console = Console(highlight=False, width=120)
    console.print(*opening(where), table("LambdaMART", figures), *map(str, verdicts), sep="\n")


if __name__ == "__main__":
    main()
