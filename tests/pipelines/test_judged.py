"""judged: by hand, and against the outputs that trec_eval itself is tested with."""

from pathlib import Path

import polars as pl
import pytest

from features.errors import DataError
from features.readers.open import open_source
from pipelines.judged import judged
from pipelines.metrics.parse import parse_metric
from pipelines.metrics.predictions import Predictions
from pipelines.metrics.ranking_metric import RankingMetric

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "trec_eval"

RUN = pl.DataFrame(
    {"query": ["q", "q", "q", "z"], "item": ["a", "b", "c", "a"], "score": [3.0, 2.0, 1.0, 9.0]}
)
QRELS = pl.DataFrame(
    {
        "query": ["q", "q", "q", "q", "r", "r"],
        "item": ["b", "c", "d", "e", "a", "b"],
        "label": [2, -1, 1, 0, 1, 0],
    },
    schema_overrides={"label": pl.Int32},
)


def predictions(rows: pl.DataFrame) -> Predictions:
    return Predictions(
        rows["label"].to_numpy(),
        rows["score"].to_numpy(),
        None,
        {"query": rows["query"].to_numpy(), "item": rows["item"].to_numpy()},
    )


def value(form: str, rows: pl.DataFrame) -> float:
    return parse_metric(form).compute(predictions(rows))


def test_by_hand() -> None:
    found = judged(RUN, QRELS)
    never = float("-inf")
    assert sorted(found.rows.rows()) == [
        (0, "q", "a", 3.0), (0, "q", "c", 1.0), (0, "q", "e", never), (0, "r", "b", never),
        (1, "q", "d", never), (1, "r", "a", never), (2, "q", "b", 2.0),
    ]  # fmt: skip
    assert (found.unjudged, found.unshown, found.unknown, found.unanswered) == (1, 2, 1, 1)
    # One of the two relevant items of q stands second; r is not answered.
    for form in ("{}", "{}(as=trec)"):
        assert value(form.format("MRR"), found.rows) == (1 / 2 + 0) / 2
        assert value(form.format("MAP"), found.rows) == (1 / 2 / 2 + 0) / 2
        assert value(form.format("Recall@9"), found.rows) == (1 / 2 + 0) / 2
        assert value(form.format("Precision@9"), found.rows) == (1 / 9 + 0) / 2
        assert value(form.format("HitRate@9"), found.rows) == 1 / 2
        assert value(form.format("ERR"), found.rows) == pytest.approx(3 / 16 / 2 / 2, rel=1e-15)
    assert value("MRR", judged(RUN, QRELS, every=False).rows) == 1 / 2


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(DataError, match=r"once in a query of the run; 2 rows .* 'a' of query 'z'"):
        judged(pl.concat([RUN, RUN[3:]]), QRELS)
    with pytest.raises(DataError, match=r"once in a query of the qrels; 12 rows"):
        judged(RUN, pl.concat([QRELS, QRELS]))
    with pytest.raises(DataError, match=r"share none of 1 and 2, such as 'z' and 'q'"):
        judged(RUN[3:], QRELS)


# trec_eval's test outputs: what was run, from its Makefile.
OUTPUTS = {
    "out.test.aq": ("qrels.test", "results.test.gz", False),
    "out.test.aqc": ("qrels.test", "results.trunc", True),
    "out.comment.test": ("qrels.comment.test", "results.comment.test.gz", False),
    "out.test.aql": ("qrels.rel_level", "results.test.gz", False),
}
FORMS = {
    "ndcg": "nDCG(as=trec)", "map": "MAP(as=trec)", "recip_rank": "MRR(as=trec)",
    **{f"ndcg_cut_{k}": f"nDCG@{k}(as=trec)" for k in (5, 10, 15, 20, 30, 100, 200, 500, 1000)},
    **{f"map_cut_{k}": f"MAP@{k}(as=trec)" for k in (5, 10, 15, 20, 30, 100, 200, 500, 1000)},
    **{f"P_{k}": f"Precision@{k}(as=trec)" for k in (5, 10, 15, 20, 30, 100, 200, 500, 1000)},
    **{f"recall_{k}": f"Recall@{k}(as=trec)" for k in (5, 10, 15, 20, 30, 100, 200, 500, 1000)},
    **{f"success_{k}": f"HitRate@{k}(as=trec)" for k in (1, 5, 10)},
}  # fmt: skip


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared/data/trec_eval")
@pytest.mark.parametrize("output", OUTPUTS)
def test_trec_evals_own_outputs(output: str) -> None:
    names, every = OUTPUTS[output][:2], OUTPUTS[output][2]
    qrels, run = (
        pl.concat(open_source(name, format, SHARED).batches())
        for name, format in zip(names, ("trec_qrels", "trec_run"), strict=True)
    )
    rows = judged(run, qrels, every).rows
    level = 2 if output == "out.test.aql" else 1  # relevant from this grade, nDCG aside
    graded, binary = predictions(rows), predictions(rows.with_columns(pl.col("label") >= level))
    checked = 0
    for line in (SHARED / output).read_text().splitlines():
        name, query, expected = line.split()[:3]
        if name not in FORMS:
            continue
        metric = parse_metric(FORMS[name])
        assert isinstance(metric, RankingMetric)
        data = graded if name.startswith("ndcg") else binary
        values = metric.per_group(data)
        found = values.mean() if query == "all" else values.values[values.keys == query].item()
        assert found == pytest.approx(float(expected), abs=5.001e-5), (name, query)
        checked += 1
    assert checked >= (11 if output == "out.comment.test" else 100)
