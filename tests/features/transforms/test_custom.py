"""A user's own transform, from a module beside the configuration to another process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import polars as pl
import pytest
from pydantic import ValidationError

import features
from features import extensions, store
from features.encoder import Encoder
from features.errors import DataError
from features.fit import fit
from features.schema import Schema
from features.transforms.custom import register
from features.transforms.numeric import Numeric
from serving.request import JsonReader

MODULE = '''
import numpy as np

from features.layout import NumericField
from features.state import State
from features.statistics import Moments
from features.transforms.custom import register
from features.transforms.number import as_number, numbers
from features.transforms.transform import Transform


@register("{name}")
class Relative(Transform):
    """A number relative to its mean, raised to a power; missing is 0."""

    want = "number"
    power: float = 1.0
    key = property(lambda self: f"relative:{{self.name}}")

    def observe(self, frame, roles):
        return Moments.of(frame[self.column])

    def finalize(self, statistic, base):
        return State({{"mean": statistic.mean}})

    def read(self, dtype):
        return as_number(self.column, dtype)

    def encode(self, values, state):
        relative = numbers(values) / state.values["mean"]
        return np.nan_to_num(relative**self.power).astype(np.float32)

    def field(self, state):
        return NumericField(name=self.name)
'''
FRAME = pl.DataFrame({"price": [1.0, None, 7.0], "item": ["a", "b", "a"]})


def module(folder: Path, name: str) -> str:
    (folder / f"{name}.py").write_text(MODULE.format(name=name))
    return name


def schema(use: str, **options: Any) -> Schema:
    custom = {"type": "custom", "use": use, "column": "price", "options": options}
    return Schema.model_validate({"features": [{"type": "id", "column": "item"}, custom]})


def test_a_transform_takes_few_lines() -> None:
    body = MODULE[MODULE.index("@register") :]
    assert len([line for line in body.splitlines() if line.strip()]) < 20


def test_it_is_fitted_encoded_and_served_as_ours_are(tmp_path: Path) -> None:
    extensions.load([module(tmp_path, "relative_one")], tmp_path)
    encoder = fit(schema("relative_one", power=2), [FRAME.head(1), FRAME.tail(2)])
    assert encoder.states["relative:price"].values == {"mean": 4.0}
    assert encoder.encode(FRAME)["price"].to_list() == [0.0625, 0.0, 3.0625]
    assert [field.name for field in encoder.layout.numerics] == ["price"]
    body = orjson.dumps({"columns": {"price": [1, None, 7], "item": ["a", "b", "a"]}})
    read = JsonReader(encoder.schema, max_rows=9).read(body)
    served = encoder.request(read.context, read.columns, read.rows)
    assert np.array_equal(served.numerics, encoder.batch(FRAME).numerics)
    once = encoder.request({"price": pl.Series([7.0])}, {"item": FRAME["item"]}, 3)
    assert once.numerics[:, 0].tolist() == [3.0625] * 3


def test_its_options_are_part_of_the_fingerprint(tmp_path: Path) -> None:
    extensions.load([module(tmp_path, "relative_two")], tmp_path)
    prints = [schema("relative_two"), schema("relative_two", power=2)]
    assert len({one.fingerprint for one in prints}) == 2
    again = Schema.model_validate(json.loads(json.dumps(prints[1].model_dump(mode="json"))))
    assert again == prints[1]


SERVER = """
import json, sys
from pathlib import Path
import polars as pl
from features import extensions, store
extensions.{load}
encoder = store.load(Path("encoder"))
frame = pl.DataFrame(json.loads(sys.argv[1]))
sys.stdout.write(json.dumps([encoder.encode(frame)["price"].to_list(), encoder.fingerprint]))
"""


def elsewhere(folder: Path, load: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What another process makes of the encoder in the folder."""
    project = str(Path(features.__file__).parents[1])
    return subprocess.run(
        [
            sys.executable,
            "-c",
            SERVER.format(load=load),
            json.dumps(FRAME.to_dict(as_series=False)),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": project, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_another_process_loads_it_by_either_way(tmp_path: Path) -> None:
    extensions.load([module(tmp_path, "relative_three")], tmp_path)
    encoder: Encoder = fit(schema("relative_three", power=3), [FRAME])
    store.save(encoder, tmp_path / "encoder")
    expected = [encoder.encode(FRAME)["price"].to_list(), encoder.fingerprint]
    named = {extensions.VARIABLE: " relative_three ,"}
    for found in (
        elsewhere(tmp_path, "load_named()", **named),
        elsewhere(tmp_path, 'load(["relative_three"], Path())', **{extensions.VARIABLE: ""}),
    ):
        assert json.loads(found.stdout) == expected, found.stderr
    without = elsewhere(tmp_path, "load_named()", **{extensions.VARIABLE: ""})
    assert without.returncode == 1
    assert "DataError" in without.stderr
    assert "`use` must name a registered transform, of none; got 'relative_three'" in without.stderr
    assert f"List its module in `extensions` (a server: {extensions.VARIABLE})" in without.stderr


def test_what_is_not_registered_is_named_with_the_nearest(tmp_path: Path) -> None:
    extensions.load([module(tmp_path, "relative_four")], tmp_path)
    with pytest.raises(ValidationError, match="got 'relative_for'. Did you mean 'relative_four'"):
        schema("relative_for")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"power": "x"}, "options of 'relative_five': power: .* valid number"),
        ({"pover": 2}, "options of 'relative_five': pover: Extra inputs"),
        ({"name": "x"}, "`name` and `column` stand beside `options`"),
        ({"column": "x"}, "`name` and `column` stand beside `options`"),
    ],
)
def test_options_that_do_not_hold_together(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    extensions.load([module(tmp_path, "relative_five")], tmp_path)
    with pytest.raises(ValidationError, match=message):
        schema("relative_five", **options)


def test_one_that_extends_ours_is_encoded_by_its_own_rule() -> None:
    @register("tests.doubled")
    class Doubled(Numeric):
        """Twice the standard scale."""

        def encode(self, values: pl.Series, state: Any) -> Any:
            return 2 * super().encode(values, state)

    plain = {"type": "numeric", "column": "price"}
    custom = {"type": "custom", "use": "tests.doubled", "column": "price", "name": "twice"}
    found = fit(Schema.model_validate({"features": [plain, custom]}), [FRAME]).encode(FRAME)
    assert found["twice"].to_list() == [2 * value for value in found["price"]]
    assert Doubled(name="x", column="y").key == "numeric:x"

    @register("tests.logged")
    class Logged(Numeric):
        """Always of the logarithm: what encodes several at once holds for it too."""

        log: bool = True

    custom = {"type": "custom", "use": "tests.logged", "column": "price", "name": "ours"}
    log = {**plain, "log": True, "name": "log"}
    found = fit(Schema.model_validate({"features": [log, custom]}), [FRAME]).encode(FRAME)
    assert found["ours"].to_list() == found["log"].to_list()
    assert Logged(name="x", column="y").log


def test_a_key_that_two_features_learn_otherwise_is_refused(tmp_path: Path) -> None:
    extensions.load([module(tmp_path, "relative_six")], tmp_path)
    custom = {"type": "custom", "use": "relative_six", "column": "price", "name": "a"}
    with pytest.raises(ValidationError, match=r"both be known as 'relative:a'.*rename one"):
        Schema.model_validate({"features": [custom, {"type": "id", "column": "relative:a"}]})


def test_a_saved_encoder_names_the_module_it_lacks(tmp_path: Path) -> None:
    extensions.load([module(tmp_path, "relative_seven")], tmp_path)
    store.save(fit(schema("relative_seven"), [FRAME]), tmp_path / "encoder")
    path = tmp_path / "encoder" / "encoder.json"
    path.write_text(path.read_text().replace("relative_seven", "absent"))
    with pytest.raises(DataError, match=r"encoder\.json must be an encoder; at 'schema.*absent"):
        store.load(tmp_path / "encoder")
