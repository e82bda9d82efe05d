"""Evaluating: click-through against scikit-learn with pandas, rankings against ir-measures.

`--parts ctr`: AUC, GAUC, log loss and ECE of 10 million rows of half a million users, from float32
scores and labels in memory. scikit-learn has no GAUC and no calibration error by equal mass: they
are by pandas, whole columns at once, where a loop over users would take minutes.
`--parts ranking`: nDCG@10, nDCG, MRR, MAP, Precision@10 and Recall@10 of 10,000 queries of 50. What
ir-measures reads, dicts by query, is built beforehand; scikit-learn has but nDCG and MAP, query by
query, which is all that its loop computes.

Nothing is timed before all have come to the same values.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from rich.console import Console

from benchmarks.figures import Goal
from benchmarks.harness import Contender, environment, installed, measure, opening, table

OURS, SKLEARN, PANDAS, IR = "crossrank", "scikit-learn", "scikit-learn + pandas", "ir-measures"
LIBRARIES = ["ir_measures", "numba", "numpy", "pandas", "pytrec_eval-terrier", "scikit-learn"]
ROWS, QUERIES, DOCUMENTS = 10_000_000, 10_000, 50
USERS_ROWS, BINS = 20, 20
CTR = f"AUC,GAUC(user),LogLoss,ECE(bins={BINS})"
RANKING = "nDCG@10,nDCG,MRR,MAP,Precision@10,Recall@10"
# pandas puts the rows of a score at the edge of a bin into the lower one, we where most belong.
TOLERANCE = {f"ECE(bins={BINS})": 1e-6}

Values = Callable[[], Mapping[str, float]]


@dataclass(frozen=True)
class Part:
    """Contestants by name, ours first, the size of what they get, and what is asked of ours."""

    title: str
    setups: Mapping[str, tuple[Callable[[], Values], tuple[str, ...]]]
    items: int
    unit: str
    goals: tuple[Goal, ...]

    def contenders(self) -> list[Contender]:
        return [
            Contender(name, setup, self.items, self.unit, needs)
            for name, (setup, needs) in self.setups.items()
        ]

    def require_agreement(self) -> None:
        """RuntimeError where a contestant does not come to our values."""
        values = {
            name: setup()() for name, (setup, needs) in self.setups.items() if installed(needs)
        }
        for name, found in values.items():
            for metric, value in found.items():
                ours = values[OURS][metric]
                if not abs(value - ours) <= TOLERANCE.get(metric, 1e-9):
                    raise RuntimeError(f"{metric}: {ours!r} by {OURS}, {value!r} by {name}")


def clicks(rows: int) -> dict[str, Any]:
    """float32 score, int8 label and int64 user (rows,): some users have many rows, most a few."""
    random = np.random.default_rng(0)
    score = random.beta(1, 20, rows).astype(np.float32)
    user = (random.random(rows) ** 2 * (rows / USERS_ROWS)).astype(np.int64)
    return {"label": (random.random(rows) < score).astype(np.int8), "score": score, "user": user}


def our_ctr(rows: int) -> Values:
    from pipelines.metrics.evaluate import evaluate
    from pipelines.metrics.parse import parse_metrics
    from pipelines.metrics.predictions import Predictions

    data, metrics = clicks(rows), parse_metrics(CTR)

    def run() -> Mapping[str, float]:
        groups = {"user": data["user"]}
        return evaluate(metrics, Predictions(data["label"], data["score"], None, groups))

    return run


def pandas_ctr(rows: int) -> Values:
    import pandas as pd
    from sklearn.metrics import log_loss, roc_auc_score

    frame = pd.DataFrame(clicks(rows))

    def run() -> Mapping[str, float]:
        label, score = frame["label"].to_numpy(), frame["score"].to_numpy()
        ranked = frame["label"] * frame.groupby("user", sort=False)["score"].rank()
        users = pd.DataFrame({"user": frame["user"], "label": frame["label"], "ranked": ranked})
        by = users.groupby("user", sort=False)
        sums = by[["label", "ranked"]].sum().assign(rows=by.size())
        mixed = sums[(sums["label"] > 0) & (sums["label"] < sums["rows"])]
        ones, zeros = mixed["label"], mixed["rows"] - mixed["label"]
        areas = (mixed["ranked"] - ones * (ones + 1.0) / 2) / (ones * zeros)
        wide = frame["score"].astype(np.float64)
        gaps = (wide - frame["label"]).groupby(pd.qcut(frame["score"], BINS, labels=False)).sum()
        return {
            "AUC": float(roc_auc_score(label, score)),
            "GAUC(user)": float(np.average(areas, weights=mixed["rows"])),
            "LogLoss": float(log_loss(label, wide)),
            f"ECE(bins={BINS})": float(gaps.abs().sum() / len(frame)),
        }

    return run


def judged(queries: int) -> tuple[Any, Any]:
    """Grades from 0 to 4, one in five above 0, and distinct scores (queries, documents)."""
    random = np.random.default_rng(0)
    shape = queries, DOCUMENTS
    grade = np.where(random.random(shape) < 0.2, random.integers(1, 5, shape), 0)
    grade[:, 0] = 1  # every query has something to find: tools differ on the others
    score = random.permuted(np.arange(DOCUMENTS) * np.ones((queries, 1)), axis=1)
    return grade, score + 3.0 * grade + random.random(shape) / 2


def our_ranking(queries: int) -> Values:
    from pipelines.metrics.evaluate import evaluate
    from pipelines.metrics.parse import parse_metrics
    from pipelines.metrics.predictions import Predictions

    grade, score = (one.ravel() for one in judged(queries))
    query, metrics = np.repeat(np.arange(queries), DOCUMENTS), parse_metrics(RANKING)
    return lambda: evaluate(metrics, Predictions(grade, score, None, {"query": query}))


def ir_ranking(queries: int) -> Values:
    import ir_measures

    def dicts(table: Any) -> dict[str, dict[str, Any]]:
        return {
            str(query): {str(document): value for document, value in enumerate(row)}
            for query, row in enumerate(table.tolist())
        }

    theirs = ("nDCG@10", "nDCG", "RR", "AP", "P@10", "R@10")
    names = dict(zip(theirs, RANKING.split(","), strict=True))
    measures = {ir_measures.parse_measure(name): ours for name, ours in names.items()}
    qrels, run = map(dicts, judged(queries))

    def values() -> Mapping[str, float]:
        found = ir_measures.calc_aggregate(list(measures), qrels, run)
        return {measures[measure]: value for measure, value in found.items()}

    return values


def sklearn_ranking(queries: int) -> Values:
    from sklearn.metrics import average_precision_score, ndcg_score

    grades, scores = judged(queries)

    def values() -> Mapping[str, float]:
        found = [
            (
                ndcg_score([grade], [score], k=10),
                ndcg_score([grade], [score]),
                average_precision_score(grade > 0, score),
            )
            for grade, score in zip(grades, scores, strict=True)
        ]
        means = np.mean(found, axis=0).tolist()
        return dict(zip(("nDCG@10", "nDCG", "MAP"), means, strict=True))

    return values


def parts(rows: int, queries: int) -> dict[str, Part]:
    ctr = {
        OURS: (partial(our_ctr, rows), ("numpy",)),
        PANDAS: (partial(pandas_ctr, rows), ("pandas", "sklearn")),
    }
    ranking = {
        OURS: (partial(our_ranking, queries), ("numpy",)),
        IR: (partial(ir_ranking, queries), ("ir_measures", "pytrec_eval")),
        SKLEARN: (partial(sklearn_ranking, queries), ("sklearn",)),
    }
    faster = Goal(OURS, 1 / 5, over=PANDAS)
    absolute = (Goal(OURS, 10),) if rows == ROWS else ()
    ours = Goal(OURS, 1 / 3, over=IR), Goal(OURS, 1 / 50, over=SKLEARN)
    return {
        "ctr": Part(f"{CTR} of {rows:,} rows", ctr, rows, "rows", (*absolute, faster)),
        "ranking": Part(f"{RANKING} of {queries:,} queries", ranking, queries, "queries", ours),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parts", nargs="+", choices=["ctr", "ranking"])
    parser.add_argument("--quick", action="store_true", help="a tenth of the rows and queries")
    parser.add_argument("--json", action="store_true", help="one object instead of tables")
    parser.add_argument("--rounds", type=int, default=5, help="turns each, default 5")
    options = parser.parse_args()
    where = environment(LIBRARIES)  # before we load the machine ourselves
    every = parts(*((ROWS // 10, QUERIES // 10) if options.quick else (ROWS, QUERIES)))
    records, shown = dict[str, Any](), list[Any](opening(where))
    for name in options.parts or every:
        part = every[name]
        part.require_agreement()
        ready = [one for one in part.contenders() if one.installed]
        absent = [one.name for one in part.contenders() if not one.installed]
        figures = measure(ready, options.rounds, warmup=1)
        verdicts = [goal.judge({one.name: one for one in figures}) for goal in part.goals]
        met = [verdict.record() for verdict in verdicts]
        records[name] = {"contenders": [asdict(one) for one in figures], "goals": met}
        records[name]["not_installed"] = absent
        shown += [table(part.title, figures), *(f"{one}: not installed" for one in absent)]
        shown += map(str, verdicts)
    if options.json:
        print(json.dumps({"environment": where, "rounds": options.rounds} | records, indent=2))
        return
    Console(highlight=False, width=120).print(*shown, sep="\n")


if __name__ == "__main__":
    main()
