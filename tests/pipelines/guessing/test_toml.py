import tomllib

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
