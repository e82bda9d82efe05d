import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.errors import DataError
from features.layout import IdField, Layout, SequenceField
from serving.calibration.beta import Beta
from serving.calibration.isotonic import Isotonic
from serving.calibration.platt import Platt
from serving.calibration.segmented import Segmented
from serving.calibration.store import FILE, AnyCalibration, load, save

LAYOUT = Layout(
    fields=(
        IdField(name="site", vocabulary="site"),
        SequenceField(name="seen", vocabulary="site", length=3),
    ),
    vocabularies={"site": 5},
)
ODD = 0.1 + 0.2  # no short decimal
CALIBRATIONS: list[AnyCalibration] = [
    Platt(slope=ODD, intercept=-1e-17),
    Beta(a=np.nextafter(1, 2), b=5e-324, c=1 / 3),
    Isotonic(x=(-ODD, 1 / 3, 1e300), y=(-1e-300, ODD, np.nextafter(ODD, 1))),
    Segmented(
        feature="site",
        default=Platt(slope=ODD, intercept=0),
        segments={0: Platt(slope=1 / 7, intercept=2), 4: Isotonic(x=(0, 1), y=(ODD, 2))},
    ),
    Segmented(feature="site", default=Platt(slope=1, intercept=0), segments={}),
]


@pytest.mark.parametrize("calibration", CALIBRATIONS, ids=lambda one: one.type)
def test_is_read_back_to_the_last_bit(calibration: AnyCalibration, tmp_path: Path) -> None:
    save(calibration, tmp_path)
    assert load(tmp_path, LAYOUT, "Again.") == calibration
    json.loads((tmp_path / FILE).read_text(), parse_constant=pytest.fail)


PLATT = {"type": "platt", "slope": 1.0, "intercept": 0.0}
SITES = {"type": "segmented", "feature": "site", "default": PLATT, "segments": {}}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("{", "must be JSON"),
        ([1], "JSON object"),
        ({}, "calibration"),
        ({"type": "magic"}, "magic"),
        ({"type": "platt", "slope": 1.0}, "intercept"),
        (PLATT | {"slope": 0.0}, "slope"),
        (PLATT | {"slope": float("nan")}, "slope"),
        (PLATT | {"intercept": float("inf")}, "intercept"),
        (PLATT | {"code": "import os"}, "code"),
        ({"type": "isotonic", "x": [1.0, 0.0], "y": [0.0, 1.0]}, "ascending"),
        (SITES | {"segments": {"-1": PLATT}}, "segments"),
        (SITES | {"segments": {"x": PLATT}}, "segments"),
        (SITES | {"segments": {"5": PLATT}}, "'site' has 5"),
        (SITES | {"feature": "shop"}, "'shop' has 0"),
        (SITES | {"feature": "seen"}, "'seen' has 0"),
    ],
)
def test_a_damaged_file_is_refused(document: Any, words: str, tmp_path: Path) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DataError, match=f"{words}.*Train again"):
        load(tmp_path, LAYOUT, "Train again.")


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"calibration\.json must exist.*Train again"):
        load(tmp_path, LAYOUT, "Train again.")
