"""A transform of the user's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic import Field as Option

from features.extensions import VARIABLE
from features.suggest import listing, nearest
from features.transforms.transform import Transform

_KNOWN: dict[str, type[Transform]] = {}

_T = TypeVar("_T", bound=type[Transform])


def register(name: str) -> Callable[[_T], _T]:
    """Make a Transform class known as `use = "name"`, for training and in the server alike."""

    def known(kind: _T) -> _T:
        _KNOWN[name] = kind
        return kind

    return known


class Custom(BaseModel):
    """A transform registered under `use` by one of the modules in `extensions`.

    [[features]]
    type = "custom"
    use = "winsor"
    column = "price"
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["custom"] = "custom"
    name: str
    column: str
    use: str
    options: dict[str, Any] = Option(default_factory=dict)

    @cached_property
    def transform(self) -> Transform:
        """The registered transform, with these options."""
        return _KNOWN[self.use](name=self.name, column=self.column, **self.options)

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if self.use not in _KNOWN:
            raise ValueError(
                f"`use` must name a registered transform, of {listing(sorted(_KNOWN)) or 'none'}; "
                f"got '{self.use}'.{nearest(self.use, _KNOWN)} List its module in `extensions` "
                f"(a server: {VARIABLE})"
            )
        if {"name", "column"} & self.options.keys():
            raise ValueError("`name` and `column` stand beside `options`, not among them")
        try:
            _ = self.transform
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "options"
            raise ValueError(f"options of '{self.use}': {where}: {first['msg']}") from None
        return self
