"""The known curves, by the `type` that declares them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from serving.calibration.beta import Beta
from serving.calibration.isotonic import Isotonic
from serving.calibration.platt import Platt

AnyCurve = Annotated[Platt | Beta | Isotonic, Field(discriminator="type")]
CURVES: dict[str, type[Platt] | type[Beta] | type[Isotonic]] = {
    "platt": Platt,
    "beta": Beta,
    "isotonic": Isotonic,
}
