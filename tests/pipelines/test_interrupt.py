import os
import signal

import pytest

from pipelines import console, interrupt


def test_a_swallowed_interrupt_is_raised_at_the_next_report() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interrupt.heard(), console.stages() as report:
        report("learn", 1, 2)
        with pytest.raises(KeyboardInterrupt):  # as a library's `except:` would swallow it
            os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            report("learn", 2, 2)
    assert signal.getsignal(signal.SIGINT) is before


def test_each_command_starts_unpressed() -> None:
    with interrupt.heard(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
    with interrupt.heard():
        interrupt.check()


def test_an_error_that_an_interrupt_caused_is_the_interrupt() -> None:
    with pytest.raises(KeyboardInterrupt), interrupt.heard():  # noqa: PT012
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise ImportError("half a module") from None
