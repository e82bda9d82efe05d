"""What a click log over judged documents is made of."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from ranking.clicks.production import Production
from ranking.clicks.users import UserKind


class ClickLogConfig(BaseModel):
    """The declaration of a click log over judged documents.

    Attributes:
        sessions: how often each query is asked.
        depth: documents of a page at most.
        click_model: how users click; see `ranking.clicks.users.user`.
        eta: how fast looks fade with the position.
        noise: P(click | looked at) of a document of grade 0.
        loggers: the production rankers; each session is shown one of them, at random.
        shuffle: share of sessions whose page is in random order.
        swap: share of sessions whose top document changes places with one below it.
        seed: the same seed gives the same log.

    Raises:
        pydantic.ValidationError: a value is out of range.
        ConfigError: a logger is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sessions: int = Field(default=100, ge=1)
    depth: int = Field(default=10, ge=1, le=1_000)
    click_model: UserKind = "pbm"
    eta: float = Field(default=1.0, ge=0.0, le=5.0)
    noise: float = Field(default=0.1, ge=0.0, lt=1.0)
    loggers: tuple[str, ...] = Field(default=("weak",), min_length=1)
    shuffle: float = Field(default=0.0, ge=0.0, le=1.0)
    swap: float = Field(default=0.0, ge=0.0, le=1.0)
    seed: int = Field(default=0, ge=0)

    @field_validator("loggers")
    @classmethod
    def _known(cls, loggers: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(Production.parse(one)) for one in loggers)

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if self.shuffle + self.swap > 1:
            raise ValueError(
                "shuffle and swap are shares of the sessions and must add up to at most 1; "
                f"{self.shuffle:g} and {self.swap:g} do not"
            )
        return self
