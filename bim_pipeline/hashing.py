"""Hashing a file in a process of its own, while the parent parses it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bim_pipeline.fingerprints import Fingerprints, fingerprints
from bim_pipeline.opening import SourceFile
from bim_pipeline.package import is_intact

_fork = multiprocessing.get_context("fork")


class HashingJob:
    """Fingerprints of a source under way; with `package`, the digests of its files are checked as well."""

    def __init__(self, source: SourceFile, package: tuple[Path, Mapping[str, str]] | None) -> None:
        gc.freeze()
        try:
            self._ours, theirs = _fork.Pipe(duplex=False)
            self._process = _fork.Process(target=_work, args=(theirs, source, package), daemon=True)
            self._process.start()
        finally:
            gc.unfreeze()
        theirs.close()
        self._answer: tuple[Fingerprints | None, bool] | None = None

    def result(self) -> tuple[Fingerprints | None, bool]:
        """Wait for the fingerprints, None where there are none, and for whether the package is whole."""
        if self._answer is None:
            try:
                self._answer = self._ours.recv()
            except (EOFError, OSError):
                self._answer = (None, False)
            self._ours.close()
            self._process.join()
        return self._answer

    def cancel(self) -> None:
        """End the process at once."""
        self._process.kill()
        self._process.join()


def _work(pipe: Any, source: SourceFile, package: tuple[Path, Mapping[str, str]] | None) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        whole = package is not None and is_intact(*package)
        pipe.send((fingerprints(source.path.read_bytes(), source.schema), whole))
    except Exception:  # noqa: BLE001 - without an answer the parent builds everything
        os._exit(1)
    pipe.close()
    os._exit(0)
