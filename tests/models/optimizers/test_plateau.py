"""Plateaus, epoch by epoch."""

import pytest
from pydantic import ValidationError

from models.optimizers.plateau import Plateau, PlateauState


@pytest.mark.parametrize(
    ("plateau", "better", "scales"),
    [
        (Plateau(), "10100", [1, 0.1, 0.1, 0.01, 0.001]),
        (Plateau(factor=0.5, patience=2), "10010000", [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.125]),
        (Plateau(factor=0.5, patience=2), "101010", [1, 1, 1, 1, 1, 1]),
        (Plateau(factor=0.5, minimum=0.3), "0000", [0.5, 0.3, 0.3, 0.3]),
    ],
)
def test_worked_epochs(plateau: Plateau, better: str, scales: list[float]) -> None:
    """One digit an epoch: whether it was the best so far. The state goes through JSON."""
    state, found = PlateauState(), []
    for one in better:
        state = plateau.after(state, one == "1")
        state = PlateauState.model_validate_json(state.model_dump_json())
        found.append(state.scale)
    assert found == pytest.approx(scales)


@pytest.mark.parametrize("bad", [{"factor": 1.0}, {"patience": 0}, {"minimum": 2}])
def test_options_out_of_range_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(bad))):
        Plateau.model_validate(bad)
