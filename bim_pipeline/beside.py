"""Work done in a forked process beside this one: what needs much of a processor and gives little back."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar

from bim_pipeline.workers import die_with_parent

T = TypeVar("T")
_fork = multiprocessing.get_context("fork")


class Beside(Generic[T]):
    """A function under way in a process of its own, which sees this one's memory as it is now.

    With one job there is no such process. Without it, and where it fails for whatever reason, `result` calls
    the function here: what that raises is raised.
    """

    def __init__(self, function: Callable[[], T], jobs: int = 2) -> None:
        self._function = function
        self._pipe: Connection | None = None
        self._process: Any = None
        if jobs > 1:
            self._start()

    def _start(self) -> None:
        self._pipe, theirs = _fork.Pipe(duplex=False)
        gc.freeze()  # a collection in the fork would copy every page that it looks at
        try:
            self._process = _fork.Process(target=_work, args=(theirs, self._function), daemon=True)
            self._process.start()
        finally:
            gc.unfreeze()
        theirs.close()

    def result(self) -> T:
        """Wait for what the function gives."""
        if self._pipe is None:
            return self._function()
        try:
            found: T = self._pipe.recv()
        except (EOFError, OSError):
            return self._function()
        finally:
            self._pipe.close()
            self._process.join()
        return found


def _work(pipe: Any, function: Callable[[], Any]) -> None:
    die_with_parent()
    gc.disable()
    try:
        pipe.send(function())
    except Exception:  # noqa: BLE001 - the parent calls the function again, and says why
        os._exit(1)
    pipe.close()
    os._exit(0)
