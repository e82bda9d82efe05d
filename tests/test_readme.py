"""Every code block of the README and the docs runs.

A block whose first line is the name of a file, such as `# recipes.toml`, is that file, or the rest
of it, in the folder where the page's blocks run.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pipelines.config import check_config

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (\w+\.(?:py|toml))\n")
# What completes a block that shows a part of a configuration.
SOME = {
    "data": {"paths": "log", "label": "click", "query": "query_id"},
    "features": [{"type": "id", "column": "item_id"}],
    "model": {"type": "wide_deep"},
}


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (page.name, text)
        for page in PAGES
        for found, text in BLOCK.findall(page.read_text())
        if found == language
    ]


def write_files(page: str, folder: Path) -> None:
    for language in ("python", "toml"):
        for name, text in blocks(language):
            named = NAMED.match(text)
            if name == page and named:
                with (folder / named[1]).open("a") as file:
                    file.write(text)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def shell(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    binaries = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{binaries}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-m", "-c", text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


# Several trainings, each in a process of its own.
SLOW = {
    "backtest.md", "explain.md", "incremental.md", "losses.md", "ranking.md", "reranking.md",
    "training.md", "tuning.md",
}  # fmt: skip


@pytest.mark.parametrize(
    "page",
    [pytest.param(one, marks=pytest.mark.slow if one.name in SLOW else ()) for one in PAGES],
    ids=lambda page: page.name,
)
def test_shell_blocks_run_in_order(page: Path, tmp_path: Path) -> None:
    """In one folder, as a reader would; `make` targets are checked, since they install."""
    texts = [text for name, text in blocks("bash") if name == page.name]
    if not texts:
        pytest.skip(f"{page.name} has no shell block")
    shutil.copy(ROOT / "Makefile", tmp_path)
    script = re.sub(r"^make ", "make --dry-run ", "".join(texts), flags=re.MULTILINE)
    script = re.sub(r"\b8000\b", str(free_port()), script)
    for name in ("requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    for folder in ("benchmarks", "examples"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    write_files(page.name, tmp_path)
    ran = shell(script, tmp_path)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    if page.name == "README.md":
        assert '"ranking":[{"index":' in ran.stdout.replace(" ", "")


@pytest.mark.parametrize(("page", "text"), blocks("toml"))
def test_configurations_load(page: str, text: str, tmp_path: Path) -> None:
    write_files(page, tmp_path)
    document = tomllib.loads(text)
    whole = document if {"data", "features"} <= document.keys() else SOME | document
    check_config({"name": "block", **whole}, tmp_path)


@pytest.mark.parametrize(("page", "text"), blocks("python"))
def test_python_blocks_run(page: str, text: str, tmp_path: Path) -> None:
    write_files(page, tmp_path)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", text],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
