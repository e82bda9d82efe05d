"""Convention: how a tool ranks ties and what it counts for a query it cannot measure."""

from dataclasses import dataclass
from typing import Literal

from pipelines.metrics.strict_order import Ties

Empty = Literal["skip", "zero", "one"]
Gain = Literal["linear", "exp2"]
Labels = Literal["any", "whole", "binary"]


@dataclass(frozen=True)
class Convention:
    """What a measure takes from a tool where the user does not say otherwise.

    `ties`: `kept` gives rows of one score no order, so that the measure is one of the tie; `item`
    and `row` rank them, by item id from high to low or in the order of the rows. `single`: scores
    are compared as float32. `empty`: what a query without relevant rows counts, times its weight
    where it is `weighed`. `labels` that the tool takes.
    """

    ties: Ties = "kept"
    empty: Empty = "skip"
    gain: Gain = "linear"
    labels: Labels = "any"
    single: bool = False
    weighed: bool = True


# Each was verified against the tool itself: tests/pipelines/metrics/test_conventions.py.
OWN = Convention()
TREC = Convention("item", "zero", labels="whole", single=True)
SKLEARN = Convention("kept", "zero")
XGBOOST = Convention("row", "one", "exp2", "whole", single=True)
LETOR4 = Convention("row", "zero", "exp2", "whole")
