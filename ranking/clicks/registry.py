"""The known click models, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ranking.clicks.cascade import Cascade
from ranking.clicks.dbn import Dbn
from ranking.clicks.pbm import Pbm
from ranking.clicks.trust import Trust
from ranking.clicks.ubm import Ubm

AnyClickModel = Annotated[Cascade | Dbn | Pbm | Trust | Ubm, Field(discriminator="type")]
