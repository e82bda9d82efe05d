"""Batch sizes and rates by epoch, against the plan of Smith et al. (ICLR 2018)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from features.batch import Batch
from features.layout import Layout
from models import snapshot
from models.batch_growth import BatchGrowth
from models.course import Course
from models.model import Model
from models.optimizers.groups import Optimizers
from models.optimizers.schedule import Schedule
from models.train_config import TrainConfig
from models.trainer import Progress, Trainer
from models.wide_deep import WideDeep

GROWTH = BatchGrowth(factor=2, epochs=(3, 5))


@pytest.mark.parametrize(
    ("maximum", "sizes", "rates"),
    [
        (None, [100, 100, 200, 200, 400, 400], [1, 1, 1, 1, 1, 1]),
        (300, [100, 100, 200, 200, 300, 300], [1, 1, 1, 1, 0.75, 0.75]),
        (50, [100, 100, 100, 100, 100, 100], [1, 1, 0.5, 0.5, 0.25, 0.25]),
    ],
)
def test_sizes_and_rates(maximum: int | None, sizes: list[int], rates: list[float]) -> None:
    growth = GROWTH.model_copy(update={"maximum": maximum})
    config = TrainConfig(batch_size=100, batch_growth=growth)
    assert [config.rows(epoch) for epoch in range(1, 7)] == sizes
    assert [config.rate(epoch) for epoch in range(1, 7)] == pytest.approx(rates)


@pytest.mark.parametrize("maximum", [None, 150, 300])
def test_the_noise_falls_by_the_factor_whatever_the_maximum(maximum: int | None) -> None:
    """Rate over batch size, which their equation 5 has the noise in proportion to."""
    growth = BatchGrowth(factor=3, epochs=(2, 4), maximum=maximum)
    config = TrainConfig(batch_size=100, batch_growth=growth)
    noise = [config.rate(epoch) / config.rows(epoch) for epoch in range(1, 6)]
    assert np.array(noise) * 100 == pytest.approx([1, 1 / 3, 1 / 3, 1 / 9, 1 / 9])


def test_the_rate_follows_the_batch_where_the_schedule_says_so() -> None:
    schedule = Schedule(base_batch_size=50)
    config = TrainConfig(batch_size=100, batch_growth=GROWTH, schedule=schedule)
    assert [config.rate(epoch) for epoch in (1, 3, 5)] == [2, 4, 8]


@pytest.mark.parametrize(
    "bad", [{"epochs": []}, {"epochs": [1]}, {"epochs": [4, 3]}, {"epochs": [2, 2]},
            {"epochs": [2], "factor": 1}, {}],
)  # fmt: skip
def test_what_does_not_grow_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BatchGrowth.model_validate(bad)


class KilledError(Exception):
    """In the middle of an epoch."""


@pytest.mark.usefixtures("eager")
def test_a_grown_epoch_goes_on_in_the_middle(
    layout_of: Callable[..., Layout], batch_of: Callable[..., Batch], tmp_path: Path
) -> None:
    """KilledError after two of the four batches of epoch 3, whose size it skips by."""
    layout = layout_of(rows=6)
    rows = batch_of(layout, 16, seed=4)
    config = TrainConfig(
        epochs=3, patience=9, batch_size=2, batch_growth=GROWTH, checkpoint_minutes=1e-9
    )

    def trainer() -> Trainer:
        return Trainer(Model(WideDeep(dim=2, hidden=(4,)), layout, Optimizers(), seed=1), config)

    def fit(one: Trainer, course: Course | None, stop: int) -> list[int]:
        sizes: list[int] = []

        def batches(epoch: int, skip: int) -> Iterator[Batch]:
            size = config.rows(epoch)
            for start in range(skip * size, 16, size):
                yield rows.take(slice(start, start + size))

        def report(progress: Progress) -> None:
            sizes.append(progress.rows)

        def save(course: Course) -> None:
            snapshot.save(one, course, tmp_path / "snapshot", "encoder")
            if course.steps == stop:
                raise KilledError

        one.fit(
            batches=batches,
            validate=lambda _: {"LogLoss": 1.0},
            better=lambda *_: False,
            keep=lambda _: None,
            report=report,
            save=save,
            course=course,
        )
        return sizes

    whole = trainer()
    assert fit(whole, None, -1)[-5:] == [4, 8, 12, 16, 0]
    with pytest.raises(KilledError):
        fit(trainer(), None, 8 + 8 + 2)
    resumed = trainer()
    course = snapshot.load(resumed, tmp_path / "snapshot")
    assert (course.epoch, course.batches, course.rows) == (3, 2, 8)
    assert fit(resumed, course, -1) == [12, 16, 0]
    assert resumed.model.predict([rows]).tobytes() == whole.model.predict([rows]).tobytes()
