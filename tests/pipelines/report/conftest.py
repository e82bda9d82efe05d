"""Predictions with an answer known by construction, and a browser that opens pages."""

import html
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

_MEASURE = """
<body><script>
const widths = [360, 1280], found = [];
const measure = (frame) => {
  const page = frame.contentDocument, root = page.documentElement;
  const colour = (name, one) => frame.contentWindow.getComputedStyle(page.querySelector(one))[name];
  const wide = [...page.querySelectorAll("body *")].filter((one) =>
    one.getBoundingClientRect().right > root.clientWidth + 1 && !one.closest(".scroll"));
  return {
    width: root.clientWidth, needs: root.scrollWidth,
    beyond: wide.map((one) => one.outerHTML.slice(0, 200)),
    page: colour("backgroundColor", "body"), ink: colour("color", "h1"),
    soft: colour("color", ".soft"), link: colour("color", "nav a"),
    scripts: page.scripts.length,
    headings: [...page.querySelectorAll("h2")].map((one) => one.innerText),
  };
};
for (const width of widths) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 800px; border: 0`;
  frame.srcdoc = PAGE;
  frame.onload = () => {
    found.push(measure(frame));
    if (found.length === widths.length) document.title = JSON.stringify(found);
  };
  document.body.append(frame);
}
</script></body>
"""


@dataclass(frozen=True)
class Opened:
    """What a browser made of a page, and what it said on its console."""

    dom: str
    console: list[str]


@dataclass(frozen=True)
class Browser:
    program: str
    folder: Path

    def open(self, page: Path, *flags: str) -> Opened:
        """Load a page and wait for it to be quiet; nothing but files can be reached."""
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
        options += [
            f"--user-data-dir={self.folder / 'profile'}",
            "--host-resolver-rules=MAP * 0.0.0.0",
        ]
        options += ["--disable-background-networking", "--virtual-time-budget=4000", "--dump-dom"]
        done = subprocess.run(
            [self.program, *options, *flags, page.as_uri()],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        return Opened(done.stdout, re.findall(r"^.*CONSOLE.*$", done.stderr, re.MULTILINE))

    def measured(self, page: Path, *, dark: bool) -> list[dict[str, Any]]:
        """As wide as a phone, then as a screen: what the page needs, and its colours."""
        around = self.folder / "around.html"
        text = json.dumps(page.read_text()).replace("</", "<\\/")
        around.write_text(_MEASURE.replace("PAGE", text))
        scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        title = re.search(r"<title>(.*?)</title>", self.open(around, scheme).dom, re.DOTALL)
        assert title is not None
        return sorted(json.loads(html.unescape(title[1])), key=lambda one: one["width"])


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip("no headless browser is installed")
    return Browser(program, tmp_path)


@pytest.fixture
def scored() -> pl.DataFrame:
    """4,000 rows whose probabilities are right, but twice too high where the device is a `tv`."""
    rng = np.random.default_rng(3)
    true = 1 / (1 + np.exp(-rng.normal(-2, 1, 4_000)))
    device = rng.choice(["phone", "tablet", "tv"], 4_000)
    return pl.DataFrame(
        {
            "label": (rng.random(4_000) < true).astype(int),
            "score": np.where(device == "tv", np.minimum(2 * true, 1), true),
            "query": np.arange(4_000) // 10,
            "position": np.arange(4_000) % 10 + 1,
            "device": device.tolist(),
        }
    )
