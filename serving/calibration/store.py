"""calibration.json: a calibration on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from features.errors import DataError
from features.files import read_json, write_json
from features.layout import Layout
from serving.calibration.curves import AnyCurve
from serving.calibration.segmented import Segmented

FILE = "calibration.json"
AnyCalibration = Annotated[AnyCurve | Segmented, Field(discriminator="type")]

_ADAPTER: TypeAdapter[AnyCalibration] = TypeAdapter(AnyCalibration)


def save(calibration: AnyCalibration, folder: Path) -> None:
    """Write calibration.json into `folder`; its floats are read back to the last bit."""
    write_json(folder / FILE, calibration.model_dump(mode="json"))


def load(folder: Path, layout: Layout, made_by: str) -> AnyCalibration:
    """The calibration in `folder`, of a model for this layout; `made_by` says what makes another.

    Raises:
        DataError: it is damaged, or its segments are no values of an id feature.
    """
    document = read_json(folder / FILE, made_by=made_by)
    try:
        calibration = _ADAPTER.validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DataError(
            f"{folder / FILE} must be a calibration; at '{where}': {first['msg']}. {made_by}"
        ) from error
    if isinstance(calibration, Segmented):
        rows = {one.name: layout.vocabularies[one.vocabulary] for one in layout.ids}
        known = rows.get(calibration.feature, 0)
        if known <= max(calibration.segments, default=0):
            raise DataError(
                f"{folder / FILE} must have segments of an id feature; the model's "
                f"'{calibration.feature}' has {known} values. {made_by}"
            )
    return calibration
