"""SIGHUP: a wish to read files anew, but for those who are told by it that their terminal was closed."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from io import StringIO

import pytest

from twin.hangup import on_hangup


class Terminal(StringIO):
    """What a person types on."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGHUP)
    yield
    signal.signal(signal.SIGHUP, before)


async def test_it_is_heard_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())
    heard = asyncio.Semaphore(0)
    on_hangup(heard.release)
    async with asyncio.timeout(20):
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGHUP)
            await heard.acquire()


@pytest.mark.parametrize("stdin", [None, StringIO()])
async def test_a_process_without_a_terminal_hears_it(
    monkeypatch: pytest.MonkeyPatch, stdin: StringIO | None
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    on_hangup(lambda: None)
    assert asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)


async def test_at_a_terminal_it_ends_the_process_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    on_hangup(lambda: None)
    assert not asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)


async def test_nohup_stays_nohup(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    on_hangup(lambda: None)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
