"""parse_metric: what it reads, and what it says about the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.errors import ConfigError
from pipelines.metrics.auc import AUC, GAUC
from pipelines.metrics.calibration import ECE
from pipelines.metrics.ctr_mae import CTRMAE
from pipelines.metrics.err import ERR
from pipelines.metrics.lift import Gain, Lift
from pipelines.metrics.metric import Metric
from pipelines.metrics.parse import METRICS, parse_metric
from pipelines.metrics.ranking import MAP, MRR, NDCG, HitRate, Precision, Recall

COLUMN = st.from_regex(r"[^\W\d][\w.\-]*", fullmatch=True)
EMPTY = st.sampled_from(["skip", "zero", "one", None])
CUTOFF = st.integers(1, 999_999_999)


@given(
    st.one_of(
        st.builds(
            NDCG,
            cutoff=st.none() | CUTOFF,
            gain=st.sampled_from(["linear", "exp2", None]),
            as_=st.sampled_from(["trec", "sklearn", "letor4", None]),
            empty=EMPTY,
        ),
        st.builds(MAP, cutoff=CUTOFF, as_=st.sampled_from(["trec", "xgboost", None]), empty=EMPTY),
        st.builds(ERR, cutoff=st.none() | CUTOFF, highest=st.integers(1, 31), empty=EMPTY),
        *(st.builds(at, cutoff=CUTOFF, empty=EMPTY) for at in (Precision, Recall, HitRate)),
        st.builds(MRR, empty=EMPTY),
        st.builds(MAP, empty=EMPTY),
        st.builds(ECE, bins=st.integers(1, 999_999_999)),
        st.builds(GAUC, COLUMN, st.sampled_from(["impressions", "clicks", "equal"])),
        st.builds(CTRMAE, COLUMN),
        *(st.builds(at, st.floats(0, 1, exclude_min=True)) for at in (Lift, Gain)),
    )
)
def test_reads_what_any_metric_prints(metric: Metric) -> None:
    assert parse_metric(str(metric)) == metric


def test_reads_spaces_any_order_and_leading_zeros() -> None:
    assert parse_metric(" nDCG@010 ( empty = one, gain = exp2 ) ") == NDCG(
        cutoff=10, gain="exp2", empty="one"
    )
    assert parse_metric("GAUC(group=user_id)") == GAUC("user_id")
    assert parse_metric("nDCG(gain=linear)") == NDCG()
    assert parse_metric("Lift@.10") == parse_metric("Lift@1e-1") == Lift(0.1)


def test_symbols_are_distinct() -> None:
    assert len({metric.symbol for metric in METRICS}) == len(METRICS)


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("ndcg@10", "nDCG"),
        ("auc", "AUC"),
        ("logloss", "LogLoss"),
        ("Precison@5", "Precision"),
        ("HitRatio@5", "HitRate"),
        ("gauc(user)", "GAUC"),
        ("PR-AUC", "PRAUC"),
        ("", ""),
    ],
)
def test_an_unknown_name_lists_the_known_and_the_nearest(text: str, nearest: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_metric(text)
    message = str(caught.value)
    assert all(metric.symbol in message for metric in METRICS)
    assert repr(text) in message
    assert f"did you mean {nearest}" in message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nDCG@ten", r"must be written nDCG\[@<cutoff>\].*got 'nDCG@ten'"),
        ("nDCG@10(gain=exp2", "must be written"),
        ("nDCG(gain=exp2)@10", "must be written"),
        ("nDCG@0", "'cutoff' of nDCG must be an integer of at least 1; got 0"),
        ("nDCG@-1", "must be written"),
        ("nDCG@0.5", "'cutoff' of nDCG must be an integer of at least 1; got 0.5"),
        ("Lift@10", "a share of the rows, above 0 and at most 1; got 10"),
        ("Lift@10%", "must be written Lift@<cutoff>"),
        ("nDCG@10(gain=cubic)", "must be one of linear, exp2; got 'cubic'"),
        ("nDCG@10(exp2)", "nDCG does not take 'exp2'"),
        ("nDCG@10(cutoff=5)", "'cutoff' once"),
        ("nDCG(cutoff=5)", "'cutoff' once"),
        ("nDCG(gain=exp2,gain=linear)", "'gain' once"),
        ("AUC@5", "AUC does not take 'cutoff'"),
        ("AUC(user_id)", "AUC does not take 'user_id'"),
        ("GAUC", "GAUC needs group; got 'GAUC'; write GAUC"),
        ("GAUC(a,b)", "GAUC does not take 'b'"),
        ("GAUC(3)", "'group' of GAUC must be a column name"),
        ("ECE", "ECE needs bins; got 'ECE'"),
        ("ECE(bins=many)", "'bins' of ECE must be an integer"),
        ("Precision", "Precision needs cutoff"),
    ],
)
def test_a_malformed_metric_says_how_it_is_written(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_metric(text)


def test_metrics_without_arguments_take_empty_brackets() -> None:
    assert parse_metric("AUC()") == AUC()
