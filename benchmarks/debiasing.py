"""Learning to rank from clicks whose truth is known: crossrank against XGBoost and LightGBM.

LETOR's MQ2008 (read from ../shared): a production ranker orders the documents, simulated users
click (position-based model, examination (1 + k)^-eta), every contestant learns from the clicks of
three parts, with those of a fourth as validation, and is judged by the grades of the fifth. What is
done goes to a journal, a line each, with which a later call goes on.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import xgboost as xgb

from features.readers.open import open_source
from pipelines.bias.config import BiasConfig
from pipelines.bias.estimates import estimated
from pipelines.click_log.judged import Judged
from pipelines.judge import judge_of, metric_of
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranking import NDCG
from ranking.clicks.pages import Pages
from ranking.clicks.production import Production
from ranking.clicks.traffic import sessions
from ranking.clicks.users import relevance, user
from ranking.debiasing import Known
from ranking.lambdamart.config import RankerConfig
from ranking.lightgbm.config import LightGBMConfig
from ranking.lightgbm.train import train as on_lightgbm
from ranking.query_data import QueryData
from ranking.ways import train_ways

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "mq2008"
DEPTH, ROUNDS, PATIENCE = 10, 150, 25
ETAS, LOGGERS, FOLDS = (0.5, 1.0, 1.5), ("weak", "strong"), (1, 2, 3, 4, 5)
JUDGE = NDCG(cutoff=10)  # linear gain, queries without relevant documents skipped
AUTO, TRUTH = "crossrank, auto", "full labels"
XGBOOST, LIGHTGBM = "XGBoost, unbiased", "LightGBM, position"

Found = dict[str, Any]


@dataclass(frozen=True)
class World:
    """Clicks to learn from and to validate on, and graded documents to be judged by."""

    names: list[str]
    train: QueryData
    valid: QueryData
    graded: QueryData
    test: Judged

    @classmethod
    def of(cls, fold: int, eta: float, logger: str, times: int, seed: int) -> World:
        parts = [(fold - 1 + k) % 5 + 1 for k in range(5)]
        learned, known, test = _read(parts[:3]), _read(parts[:4]), _read(parts[4:])
        random = np.random.default_rng([fold, seed])
        scores = Production.parse(logger).scores(known.matrix, known.grade, known.sizes, random)
        pages = Pages.of(scores[None], known.sizes, DEPTH, 0.0, 0.0)
        worth = relevance(known.grade, 0.1, float(known.grade.max()))
        shown = list(sessions(pages, worth, user("pbm", eta, DEPTH), times, random))
        session, query, row, click = (
            np.concatenate([getattr(one, name) for one in shown])
            for name in ("session", "query", "row", "click")
        )
        position = np.concatenate([one.lists.position for one in shown])
        early = query < len(learned.sizes)

        def data(some: Any) -> QueryData:
            return QueryData.of(
                known.matrix[row[some]], click[some], session[some], position[some], top=0
            )

        graded = QueryData.of(learned.matrix, learned.grade, learned.of_row)
        return cls(list(known.names), data(early), data(~early), graded, test)

    def ndcg(self, ranker: Any) -> float:
        scores = ranker.predict(self.test.matrix).astype(np.float64)
        grades = self.test.grade.astype(np.float64)
        return JUDGE.compute(Predictions(grades, scores, None, {"query": self.test.of_row}))


def _read(parts: list[int]) -> Judged:
    files = [str(DATA / f"S{part}.txt.gz") for part in parts]
    return Judged.read(open_source(files, "letor", Path()), "label", "qid")


def contest(world: World) -> dict[str, Any]:
    """nDCG@10 on the test documents, by contestant, and the examination that was estimated."""
    from ranking.lambdamart.train import train

    config = RankerConfig(rounds=ROUNDS, patience=PATIENCE, max_depth=4)
    train_data, valid = world.train, world.valid
    bias = BiasConfig(depth=DEPTH)
    log = pl.DataFrame({"position": train_data.position, "click": train_data.label})
    examination = estimated(bias, log, train_data)
    known = Known(examination.depth, np.array(examination.examination), bias.minimum)
    found = train_ways(config, world.names, train_data, valid, known, lambda *_: None)
    results = {f"crossrank, {way}": world.ndcg(one) for way, one in found.rankers.items()}
    judge = judge_of(metric_of("nDCG@10"), valid)  # of clicks, as users of these have it
    on_clicks = config.model_copy(update={"unbiased": True})
    results[XGBOOST] = world.ndcg(
        train(on_clicks, world.names, train_data, valid, judge, lambda *_: None)
    )
    settings = LightGBMConfig(rounds=ROUNDS, patience=PATIENCE, num_leaves=15)
    results[LIGHTGBM] = world.ndcg(
        on_lightgbm(settings, world.names, train_data, valid, judge, lambda *_: None)
    )
    plain = config.model_copy(update={"unbiased": False})
    results[TRUTH] = world.ndcg(
        train(plain, world.names, world.graded, valid, judge, lambda *_: None)
    )
    return {
        "ndcg": results,
        "examination": list(examination.examination),
    }


def table(found: list[Found]) -> list[str]:
    """Lines of Markdown: means over folds and seeds by contestant, and `auto` less the rivals."""
    by = defaultdict(list)
    for one in found:
        by[one["logger"], f"{one['eta']:g}"].append(one)
        by[one["logger"], "all"].append(one)
    names = list(found[0]["ndcg"]) if found else []
    heads = ["logger, eta", "logs", *names, f"auto less {XGBOOST}", f"auto less {LIGHTGBM}"]
    lines = [_row(heads), "|---" * len(heads) + "|"]
    for (logger, eta), some in sorted(by.items(), reverse=True):
        values = {name: np.array([one["ndcg"][name] for one in some]) for name in names}
        means = [f"{values[name].mean():.4f}" for name in names]
        less = [_less(values[AUTO] - values[rival]) for rival in (XGBOOST, LIGHTGBM)]
        lines.append(_row([f"{logger}, {eta}", str(len(some)), *means, *less]))
    return lines


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _less(gains: npt.NDArray[np.float64]) -> str:
    """The mean of paired gains, and its standard error where it can be told."""
    if len(gains) < 2:
        return f"{gains.mean():+.4f}"
    return f"{gains.mean():+.4f} ± {gains.std(ddof=1) / np.sqrt(len(gains)):.4f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--seeds", nargs="+", type=int, default=(0,))
    parser.add_argument("--sessions", type=int, default=20, help="of each query")
    parser.add_argument("--etas", nargs="+", type=float, default=ETAS)
    parser.add_argument("--loggers", nargs="+", default=LOGGERS)
    parser.add_argument("--folds", nargs="+", type=int, default=FOLDS)
    parser.add_argument("--report", action="store_true", help="no training")
    options = parser.parse_args()
    lines = options.journal.read_text().splitlines() if options.journal.exists() else []
    done = {json.dumps(one["key"]): one for one in map(json.loads, lines)}
    wanted = product(options.seeds, options.etas, options.folds, options.loggers)
    for seed, eta, fold, logger in () if options.report else wanted:
        key = [seed, eta, fold, logger, options.sessions]
        if json.dumps(key) in done:
            continue
        with xgb.config_context(nthread=1):
            found = contest(World.of(fold, eta, logger, options.sessions, seed))
        one = {"key": key, "eta": eta, "logger": logger, **found}
        done[json.dumps(key)] = one
        with options.journal.open("a") as journal:
            journal.write(json.dumps(one) + "\n")
        print(json.dumps(one), flush=True)
    print(*table(list(done.values())), sep="\n")


if __name__ == "__main__":
    main()
