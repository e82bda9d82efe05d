import tomllib
from datetime import date, datetime, time

from pipelines.guessing import toml


def test_every_character_can_be_written() -> None:
    text = "".join(chr(code) for code in range(0x11000) if not 0xD800 <= code < 0xE000)
    content = {'k"': [text, True, 0.1], "": {}}
    written = f"{toml.comment(text[:300])}\n{toml.pair('key', content)}"
    assert tomllib.loads(written) == {"key": content}


def test_a_long_list_is_written_in_lines() -> None:
    content = [f"column {number}" for number in range(20)]
    written = toml.pair("columns", content)
    assert max(map(len, written.splitlines())) <= 100
    assert tomllib.loads(written) == {"columns": content}


def test_a_document_is_read_back_as_it_was() -> None:
    content = {
        "name": "a",
        "train": {"optimizers": {"wide": {"l1": 1e-5}}, "l2": {}, "odd key": float("inf")},
        "seen": [date(2024, 1, 2), datetime(2024, 1, 2, 3, 4), time(5, 6)],
        "features": [{"type": "id", "columns": ["a", "b"]}, {}, {"filter": [["x", "<", 1]]}],
        "none": [],
        "odd.section": {"on": True, "deep": [{"a": 1}, {"b": [{"c": 2}]}]},
        "last": -1.5,
    }
    assert tomllib.loads(toml.document(content)) == content
