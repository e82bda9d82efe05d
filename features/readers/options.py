"""What a format's reader may be told."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """The options of one format; a subclass declares them. Unknown ones are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TableOptions(Options):
    """`hive` says whether folders such as date=2024-01-01 are columns; undeclared, they are
    where every file lies in folders of the same keys."""

    hive: bool | None = None
