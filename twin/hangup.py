"""SIGHUP, by which operators let a process read its files anew."""

import asyncio
import signal
import sys
from collections.abc import Callable


def on_hangup(call: Callable[[], None]) -> None:
    """Call this from the event loop on SIGHUP.

    Not where SIGHUP is ignored (nohup), nor at a terminal, which says by it that it was closed.
    """
    is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    if not is_ignored and not (sys.stdin is not None and sys.stdin.isatty()):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, call)
