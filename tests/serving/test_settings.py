import pytest
from pydantic import ValidationError

from features.errors import ConfigError
from serving.settings import Settings


def test_environment_is_read_and_arguments_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSRANK_PORT", "9001")
    monkeypatch.setenv("CROSSRANK_THREADS", "3")
    settings = Settings.read(port=9002, threads=None)
    assert (settings.port, settings.threads) == (9002, 3)


def test_bad_environment_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSRANK_PORT", "abc")
    with pytest.raises(ConfigError, match=r"CROSSRANK_PORT.*'abc'"):
        Settings.read()


@pytest.mark.parametrize("given", [{"port": 70_000}, {"threads": 0}, {"prot": 1}])
def test_values_out_of_range_and_unknown_names_are_refused(given: dict[str, int]) -> None:
    with pytest.raises(ConfigError):
        Settings.read(**given)


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]
