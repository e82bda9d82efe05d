"""The metric that picks the epoch, of the main task or of a further one."""

import polars as pl
import pytest

from features.errors import ConfigError
from pipelines.metrics.auc import AUC
from pipelines.metrics.loss import Brier, LogLoss
from pipelines.monitor import Monitor

SCORED = pl.DataFrame(
    {
        "label": [0.0, 1.0, 1.0, 0.0],
        "probability": [0.5, 0.5, 0.75, 0.25],
        "rank": [0.5, 0.5, 0.75, 0.25],
        "task:purchase": [None, 1.0, 0.0, 1.0],
        "probability:purchase": [0.5, 0.5, 0.0, 0.0],
    }
)


def test_it_is_of_a_task_there_is() -> None:
    assert Monitor.parse("purchase:AUC", ["purchase"]) == Monitor(AUC(), "purchase")
    assert Monitor.parse("LogLoss", ["purchase"]) == Monitor(LogLoss())
    with pytest.raises(ConfigError, match=r"data.tasks \(purchase\) and a colon; got 'sale:AUC'"):
        Monitor.parse("sale:AUC", ["purchase"])
    with pytest.raises(ConfigError, match="there is none"):
        Monitor.parse("sale:AUC", [])


def test_a_metric_that_is_best_in_between_cannot_pick() -> None:
    with pytest.raises(ConfigError, match="PCOC is best at 1"):
        Monitor.parse("purchase:PCOC", ["purchase"])


def test_metrics_of_further_tasks_come_after_their_names() -> None:
    """Where the label was observed: of two purchases one ties with the row that is none."""
    found = Monitor(AUC()).metrics(SCORED)
    assert found["AUC"] == 0.875
    assert found["purchase:AUC"] == 0.75


def test_what_is_not_measured_anyhow_is_added() -> None:
    assert "Brier" not in Monitor(AUC()).metrics(SCORED)
    found = Monitor(Brier(), "purchase").metrics(SCORED)
    assert found["purchase:Brier"] == pytest.approx((0.25 + 0 + 1) / 3)
    assert "Brier" not in found


@pytest.mark.parametrize(
    ("monitor", "key", "better"),
    [
        (Monitor(AUC()), "AUC", 0.7),
        (Monitor(LogLoss()), "LogLoss", 0.5),
        (Monitor(AUC(), "purchase"), "purchase:AUC", 0.7),
        (Monitor(LogLoss(), "purchase"), "purchase:LogLoss", 0.5),
    ],
)
def test_better_is_higher_or_lower(monitor: Monitor, key: str, better: float) -> None:
    assert monitor.better({key: better}, {key: 0.6})
    assert not monitor.better({key: 0.6}, {key: better})
    assert not monitor.better({key: 0.6}, {key: 0.6})
