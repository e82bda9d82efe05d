"""The pages as a browser parses them: whole, on their own, and with nobody else's markup."""

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from features.errors import ConfigError, DataError
from pipelines.inspect import drift_page, page
from pipelines.inspect.compare import compare
from pipelines.inspect.document import Document
from pipelines.inspect.drift import Thresholds, document
from pipelines.inspect.summary import summary_rows
from pipelines.page.write import check_place, write_report

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    "<script>alert(1)</script>", "</style><script>", "<img src=x onerror=alert(1)>",
    "' onmouseover='x", '"><svg onload=alert(1)>', "&lt;b&gt;", "$\\frac{1}{2}$", "\x00\x1b[2J",
)  # fmt: skip


class Tags(HTMLParser):
    """Names and attributes of the elements, as an HTML parser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def check(text: str) -> ET.Element:
    """Well formed as XML too; no script, no handler, nothing fetched; every link has its target."""
    names = Tags(text).found
    assert not {"script", "img", "link", "iframe", "object"} & {name for name, _ in names}
    for _, attributes in names:
        assert not [key for key in attributes if key.startswith("on")]
        for key in ("href", "xlink:href", "src"):
            assert (attributes.get(key) or "#").startswith("#")
    root = ET.fromstring(text)
    assert not re.search(r"url\((?!#)", text)
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    used = re.findall(r'(?:href="#|url\(#)([^")]+)', text)
    assert set(used) <= set(ids)
    return root


def pictures(root: ET.Element) -> Iterator[ET.Element]:
    return root.iter(f"{SVG}svg")


def test_everything_odd_is_on_a_whole_page(
    described: Callable[..., Document], odd: pl.DataFrame
) -> None:
    found = described(odd)
    root = check(page.render(found))
    sections = root.findall(".//section")
    assert len(sections) == odd.width
    assert len(list(pictures(root))) > odd.width
    texts = ["".join(cell.itertext()) for cell in root.findall(".//table")[0].iter("td")]
    assert texts[::6] == [row[0] for row in summary_rows(found)]


@pytest.mark.parametrize("label", ["click", ""])
def test_hostile_values_and_names_stay_text(described: Callable[..., Document], label: str) -> None:
    frame = pl.DataFrame({name: list(HOSTILE) for name in HOSTILE})
    found = described(frame.with_columns(click=pl.Series([0, 1] * 4)), label)
    root = check(page.render(found))
    shown = "".join(root.itertext())
    for text in HOSTILE[:-1]:
        assert text in shown
    assert "\\u0000\\u001b[2J" in shown


def test_values_with_500_characters_are_cut(described: Callable[..., Document]) -> None:
    frame = pl.DataFrame({f"c{i}": [f"{j}" * 500 for j in range(9)] for i in range(40)})
    text = page.render(described(frame))
    check(text)
    assert "(500 characters)" in text
    assert "1" * 240 in text
    assert "1" * 241 not in text


def test_figures_on_the_page_by_hand(described: Callable[..., Document]) -> None:
    frame = pl.DataFrame({"city": ["x", "x", "x", None], "click": [0, 1, 1, 0]})
    root = check(page.render(described(frame)))
    tables = [
        [["".join(cell.itertext()) for cell in row] for row in table.iter("tr")]
        for table in root.find(".//section[@id='column-0']").iter("table")  # type: ignore[union-attr]
    ]
    assert tables[0][1] == ["1", "x", "3", "100.00%"]
    assert tables[1][1:] == [
        ["x", "3", "66.67%", "20.77% to 93.85%"],
        ["missing", "1", "0.00%", "0.00% to 79.35%"],
    ]


def test_the_same_log_makes_the_same_page(
    described: Callable[..., Document], odd: pl.DataFrame
) -> None:
    few = odd.select("amount", "boolean", "list", "click")
    assert page.render(described(few)) == page.render(described(few))


def test_the_page_of_drift(tmp_path: Path, odd: pl.DataFrame) -> None:
    later = odd.tail(200).rename({"constant": "<b>new</b>"}).with_columns(amount=pl.lit(5.0))
    odd.write_parquet(tmp_path / "a.parquet")
    later.write_parquet(tmp_path / "b.parquet")
    places = [str(tmp_path / f"{name}.parquet") for name in "ab"]
    drift = compare(*places, Thresholds(), (), None, lambda *_: None)
    told = document(drift, Thresholds(), *places)
    root = check(drift_page.render(told))
    assert len(list(pictures(root))) == sum(bool(one["parts"]) for one in told["columns"])
    heading = "".join(root.find(".//h1").itertext())  # type: ignore[union-attr]
    assert heading == drift_page.verdict(told)
    assert "amount" in heading
    assert "<b>new</b>" in heading


def test_page_and_numbers_appear_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "new" / "report.html"
    write_report(out, lambda found: f"page {found['x']}", {"x": 1})
    assert out.read_text() == "page 1"
    assert json.loads(out.with_suffix(".json").read_text()) == {"x": 1}

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(DataError, match="No space left"):
        write_report(out, lambda _: "page 2", {"x": 2})
    assert out.read_text() == "page 1"
    assert sorted(path.name for path in out.parent.iterdir()) == ["report.html", "report.json"]


def test_numbers_alone_need_no_matplotlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.page.picture.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"crossrank\[report\]"):
        check_place(tmp_path / "report.html")
    check_place(tmp_path / "report.json")
    write_report(tmp_path / "report.json", page.render, {"x": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
    with pytest.raises(ConfigError, match=r"\*\.html"):
        check_place(tmp_path / "report.pdf")
