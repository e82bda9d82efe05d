"""What a server may use, and where it listens."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.errors import ConfigError

_PREFIX = "CROSSRANK_"


class Settings(BaseSettings):
    """Read from the environment, `CROSSRANK_PORT` and so on; arguments win.

    port: 0 takes a free one. threads: requests scored side by side, each on one core.
    max_rows: candidates a request. drain_seconds: how long a stopping server waits for the
    requests in flight. keep_alive_seconds: how long an idle connection stays open; longer than
    a load balancer's own timeout, or it sends requests into closing connections.
    """

    model_config = SettingsConfigDict(env_prefix=_PREFIX, frozen=True, extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65_535)
    threads: int = Field(default=1, ge=1, le=256)
    max_rows: int = Field(default=10_000, ge=1)
    max_body_bytes: int = Field(default=16 * 2**20, ge=1)
    keep_alive_seconds: int = Field(default=75, ge=1)
    drain_seconds: int = Field(default=30, ge=0)

    @classmethod
    def read(cls, **given: Any) -> Self:
        """Settings from the environment and `given`, where None means not given.

        Raises:
            ConfigError: a value cannot be used; names its environment variable.
        """
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"]))
            raise ConfigError(
                f"Setting '{name}' (environment variable {_PREFIX}{name.upper()}): "
                f"{first['msg']}; got {first['input']!r}. Mend or remove it."
            ) from error
