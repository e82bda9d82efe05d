"""The page as a browser shows it, and what stands on it."""

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import polars as pl
import pytest

from features.errors import DataError
from pipelines.evaluation.slices import By
from pipelines.metrics.auc import AUC
from pipelines.page import html
from pipelines.page.html import classed, tag
from pipelines.page.parts import Section, contents
from pipelines.report.document import document
from pipelines.report.findings import findings
from pipelines.report.page import render
from pipelines.report.scored import Scored
from pipelines.report.summary import lead, tiles, verdicts
from ranking.off_policy.resampling import Resampling

QUICK = Resampling(resamples=100)
HOSTILE = "<script>fetch('https://example.com/x')</script>\"'&\x00$a_{b$ \u202e🐟"


def made(frame: pl.DataFrame, *by: str, card: dict[str, Any] | None = None) -> dict[str, Any]:
    scores = frame["score"]
    name = "probability" if scores.is_between(0, 1).all() else "rank"
    named = frame.rename({"score": name})
    looked = tuple(By(column) for column in by)
    found = Scored(
        "predictions", named, columns=named.select(by), by=looked, least=1, card=card or {}
    )
    return document(found, settings=QUICK)


def parsed(found: dict[str, Any]) -> ET.Element:
    """The page, well formed; the numbers are JSON without NaN."""
    json.dumps(found, allow_nan=False)
    text = render(found)
    assert not re.search(r"[>\s\"(](?:nan|inf|None)[<\s\"%,)]", text)
    root = ET.fromstring(text.removeprefix("<!DOCTYPE html>\n"))
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', text)) <= set(ids)
    return root


def texts(root: ET.Element, section: str) -> str:
    found = root.find(f".//section[@id='{section}']")
    assert found is not None
    return "".join(found.itertext())


def test_everything_is_found_on_predictions_with_a_known_fault(scored: pl.DataFrame) -> None:
    found = made(scored, "device")
    root = parsed(found)
    worst = found["slices"]["slices"][0]
    assert (worst["column"], worst["value"], worst["stands_out"]) == ("device", "tv", True)
    assert [one["stands_out"] for one in found["slices"]["slices"][1:]] == [False, False]
    assert worst["rate"]["predicted"] == pytest.approx(2 * worst["rate"]["observed"], rel=0.2)
    assert {one.section for one in findings(found)} >= {"calibration", "slices"}
    assert lead(found).startswith("Measured on 4,000 rows in 400 queries;")
    (auc,) = (one for one in tiles(found) if "AUC" in one.below[-1])
    assert auc.value == f"{found['metrics']['ctr']['AUC']['value']:.4f}"
    assert sum(one.get("role") == "img" for one in root.iter()) == 7
    assert "--importance" in texts(root, "importance")
    assert "Only a run" in texts(root, "learning")


def test_the_page_in_a_browser(browser: Any, scored: pl.DataFrame, tmp_path: Any) -> None:
    hostile = scored.rename({"device": HOSTILE}).with_columns(
        pl.col(HOSTILE).replace({"tv": "tv" * 200, "phone": HOSTILE})
    )
    card = {"given": {"title": HOSTILE, "limits": [HOSTILE, "x" * 300]}}
    found = made(hostile, HOSTILE, card=card)
    page = tmp_path / "page.html"
    page.write_text(render(found))
    opened = browser.open(page)
    assert opened.console == []
    assert "<h1>&lt;script&gt;" in opened.dom
    assert not re.search(r"<script|\ssrc=|href=\"(?!#)|@import|url\((?!#)", opened.dom)
    for dark in (False, True):
        phone, screen = browser.measured(page, dark=dark)
        for one in (phone, screen):
            assert one["beyond"] == []
            assert one["needs"] == one["width"]
            assert one["scripts"] == 0
            assert (luminance(one["page"]) < 0.1) is dark
            for text in ("ink", "soft", "link"):
                assert contrast(one[text], one["page"]) > 4.5, text
        assert phone["headings"] == screen["headings"]
        assert "Model card" in phone["headings"]


@pytest.mark.slow
def test_the_browser_would_tell(browser: Any, tmp_path: Any) -> None:
    """What the test above relies on: a fault of each kind is seen."""
    page = tmp_path / "page.html"
    wide = html.tag("p", "x", attributes={"style": "width: 2000px"})
    fetched = html.Html("<img src='https://example.com/x.png'><script>throw 'up'</script>")
    body = contents(
        [tag("h1", "x"), classed("p", "soft", "x"), wide], [Section("a", "a", [fetched])]
    )
    page.write_text(html.page("x", body))
    assert len(browser.open(page).console) >= 2
    phone, screen = browser.measured(page, dark=False)
    assert (len(phone["beyond"]), phone["needs"] > phone["width"]) == (1, True)
    assert screen["scripts"] == 1


def luminance(colour: str) -> float:
    """Of `rgb(r, g, b)` (WCAG 2.2)."""
    share = np.array([int(one) for one in re.findall(r"\d+", colour)[:3]]) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_without_queries_positions_or_columns_the_page_says_so(scored: pl.DataFrame) -> None:
    root = parsed(made(scored.drop("query", "position", "device")))
    assert "no positions" in texts(root, "positions")
    assert "--by device,hour" in texts(root, "slices")
    assert "nDCG" not in texts(root, "metrics")


def test_slices_of_one_class_and_few_rows_have_no_auc(scored: pl.DataFrame) -> None:
    one_class = scored.with_columns(kind=pl.when(pl.col("label") == 1).then(1).otherwise(0))
    rare = one_class.with_columns(rare=pl.Series(["a"] * 3 + ["b"] * 3996 + [None]))
    found = made(rare, "kind", "rare")
    areas = {(one["column"], one["value"]): one["auc"] for one in found["slices"]["slices"]}
    assert set(areas) == {
        ("kind", "0"), ("kind", "1"), ("rare", "a"), ("rare", "b"), ("rare", "missing"),
    }  # fmt: skip
    assert [key for key, area in areas.items() if area] == [("rare", "b")]
    parsed(found)


def test_rows_of_one_class_leave_honest_gaps(scored: pl.DataFrame) -> None:
    found = made(scored.filter(pl.col("label") == 0), "device")
    root = parsed(found)
    assert "nothing to tell it from" in texts(root, "curves")
    assert "AUC" not in found["metrics"]["ctr"]
    assert any("Only 0 rows" in one.text for one in findings(found))


def test_grades_are_ranked_and_nothing_else(scored: pl.DataFrame) -> None:
    graded = scored.with_columns(pl.col("label") * 2, score=pl.col("score") * 7 - 3)
    found = made(graded, "device")
    root = parsed(found)
    assert set(found["metrics"]["ranker"]) == {"nDCG@10", "MRR"}
    assert "grades" in texts(root, "curves")
    assert "label above 0" in lead(found)
    assert verdicts(found)[0].startswith("The ranker orders the rows of a query with nDCG@10")


def test_two_rows_and_infinite_scores_make_a_page() -> None:
    frame = pl.DataFrame({"label": [0, 1], "score": [-np.inf, np.inf]})
    root = parsed(made(frame))
    assert "Only 1 rows" in "".join(root.itertext())


def test_a_metric_that_was_asked_for_is_refused_where_it_is_not_defined(
    scored: pl.DataFrame,
) -> None:
    one_class = scored.filter(pl.col("label") == 0).rename({"score": "probability"})
    with pytest.raises(DataError, match="both classes"):
        document(Scored("x", one_class), [AUC()], settings=QUICK)


def test_the_same_predictions_make_the_same_page(scored: pl.DataFrame) -> None:
    few = scored.head(500)
    assert render(made(few, "device")) == render(made(few, "device"))
