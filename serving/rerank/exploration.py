"""The ways to explore."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from serving.rerank.epsilon import Epsilon
from serving.rerank.plackett_luce import PlackettLuce
from serving.rerank.swap import Swap

AnyExploration = Annotated[Epsilon | PlackettLuce | Swap, Field(discriminator="type")]
