from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.dataset.manifest import Labels, Manifest, Part
from features.errors import DataError
from features.files import read_json, write_json
from features.layout import Layout, NumericField

LAYOUT = Layout(fields=(NumericField(name="x"),), vocabularies={})


def labels(values: list[float]) -> Labels:
    return Labels(
        rows=len(values),
        sum=sum(values),
        positives=sum(value > 0 for value in values),
        weight=2.0 * len(values),
        weighted_sum=2.0 * sum(values),
    )


def part(number: int, values: list[float]) -> Part:
    return Part(
        name=f"part-{number:05d}.parquet",
        rows=len(values),
        roles=("label", "weight", "task:bought"),
        labels=labels(values),
        tasks={"bought": labels([value / 2 for value in values])},
        sha256=f"{number:064x}",
    )


LABELS = st.lists(st.integers(0, 3).map(float), min_size=1, max_size=9)


@settings(deadline=None)
@given(LABELS, LABELS)
def test_statistics_of_parts_add_up_to_those_of_the_whole(
    left: list[float], right: list[float]
) -> None:
    manifest = Manifest.of("print", LAYOUT, [part(0, left), part(3, right)])
    assert manifest.labels == labels(left + right)
    assert (
        manifest.labels.mean
        == manifest.labels.weighted_mean
        == sum(left + right) / (len(left) + len(right))
    )
    assert manifest.label_sum == sum(left + right)
    assert manifest.rows == len(left) + len(right)
    assert manifest.roles == ("label", "weight", "task:bought")
    assert manifest.tasks == {"bought": labels([value / 2 for value in left + right])}


def test_survives_its_own_file(tmp_path: Path) -> None:
    manifest = Manifest.of("print", LAYOUT, [part(0, [0.0, 1.0]), part(1, [1.0])])
    manifest.write(tmp_path)
    assert Manifest.read(tmp_path) == manifest


def test_the_content_tells_parts_apart() -> None:
    one, two = part(0, [0.0]), part(1, [1.0])
    found = {Manifest.of("print", LAYOUT, list(parts)).content for parts in ([one], [one, two])}
    assert len(found) == 2


@pytest.mark.parametrize(
    "name",
    [
        "../part-00000.parquet",
        "/etc/passwd",
        "part-00000.parquet/../../x",
        "a/part-00000.parquet",
        "part-00000.parquet\n",
        "part-*.parquet",
        "",
    ],
)
def test_no_part_lies_outside_the_folder(tmp_path: Path, name: str) -> None:
    Manifest.of("print", LAYOUT, [part(0, [0.0])]).write(tmp_path)
    document = read_json(tmp_path / "dataset.json", made_by="")
    write_json(tmp_path / "dataset.json", {**document, "parts": {name: 1}})
    with pytest.raises(DataError, match="is not a dataset manifest: at 'parts"):
        Manifest.read(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": 7}, "must add up to 7 rows"),
        ({"parts": {"part-00000.parquet": -1}}, "greater than or equal to 0"),
        ({"format": 4}, "at 'format'"),
        ({"more": 1}, "at 'more'"),
    ],
)
def test_what_does_not_hold_together_is_refused(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    Manifest.of("print", LAYOUT, [part(0, [0.0])]).write(tmp_path)
    document = read_json(tmp_path / "dataset.json", made_by="")
    write_json(tmp_path / "dataset.json", {**document, **change})
    with pytest.raises(DataError, match=rf"{message}.*crossrank prepare"):
        Manifest.read(tmp_path)
