"""What a format's reader may be told."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """The options of one format; a subclass declares them. Unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
