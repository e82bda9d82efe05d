"""What an objective has learned, as JSON, so that training can go on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from features.errors import DataError
from ranking.objective.lambdas import Doubles, Floats

Bias = dict[str, list[float]]


class Objective(Protocol):
    """Gradients that may learn the bias of positions on the way; once a round.

    Called with scores float32 (rows,) it gives gradient and hessian, float32 (rows,).
    """

    def __call__(self, scores: npt.ArrayLike) -> tuple[Floats, Floats]: ...

    @property
    def bias(self) -> Bias:
        """What is known of the positions from the top, each (depth,), by name."""

    @property
    def state(self) -> dict[str, Any]:
        """JSON from which `restore` goes on."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Raises DataError where the state is not of such an objective."""


class State(BaseModel):
    """The rounds done, and the bias by name and position."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    objective: str
    rounds: int = Field(default=0, ge=0)
    bias: dict[str, list[FiniteFloat]] = {}

    def next(self, **bias: Doubles) -> State:
        """After one more round, with what it taught."""
        found = {name: [float(one) for one in values] for name, values in bias.items()}
        return State(objective=self.objective, rounds=self.rounds + 1, bias=found or self.bias)

    def values(self, name: str) -> Doubles:
        return np.array(self.bias[name])

    def read(self, document: Mapping[str, Any]) -> State:
        """The state that a document holds, of the same objective, names and depth."""
        try:
            found = State.model_validate(document)
        except ValidationError as error:
            raise DataError(
                f"The state of a ranking objective must be one that it gave: "
                f"{error.errors()[0]['msg']}. Train from the start."
            ) from error
        if found.shape != self.shape:
            raise DataError(
                f"The state must be of {self.shape}, as this objective is; it is of {found.shape}. "
                "Declare the same objective and depth, or train from the start."
            )
        return found

    @property
    def shape(self) -> str:
        named = [f"{name}[{len(values)}]" for name, values in sorted(self.bias.items())]
        return " ".join([f"'{self.objective}'", *named])


class Stateful:
    """What every objective says of its state, kept in `_state`."""

    _state: State

    @property
    def bias(self) -> Bias:
        """What is known of the positions from the top, each (depth,), by name."""
        return self._state.bias

    @property
    def state(self) -> dict[str, Any]:
        """JSON from which `restore` goes on."""
        return self._state.model_dump()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Raises DataError where the state is not of such an objective."""
        self._state = self._state.read(state)
