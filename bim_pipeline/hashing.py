"""Hashing a file in a process of its own, while the parent parses it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import pickle
import signal
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bim_pipeline.facets import Facets, read_facets
from bim_pipeline.fingerprints import Fingerprints, fingerprints_of
from bim_pipeline.opening import SourceFile
from bim_pipeline.package import is_intact
from bim_pipeline.previous import Previous
from bim_pipeline.step_graph import data_of, step_graph

_fork = multiprocessing.get_context("fork")


class Handover:
    """The faces that a file lists (`facets`), from the process that reads them to those forked meanwhile.

    The reader has the only open end of a pipe; when that closes, what the reader wrote is there, or, where it
    came to nothing, is not.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it is there as long as this object
        self._ended, self._open = os.pipe()
        self._known: dict[int, Facets] | None = None

    def give(self, facets: dict[int, Facets]) -> None:
        """Write them; in the reading process, which calls `close` at its end in any case."""
        pickle.dump(facets, self._file, protocol=5)
        self._file.flush()
        self.close()

    def close(self) -> None:
        """Close this process's end of the pipe."""
        if self._open >= 0:
            os.close(self._open)
            self._open = -1

    def __call__(self) -> dict[int, Facets]:
        """Wait for the facets by item; in a process that has called `close`, or was forked from one."""
        if self._known is None:
            os.read(self._ended, 1)
            size = os.fstat(self._file.fileno()).st_size
            content = os.pread(self._file.fileno(), size, 0)
            try:
                self._known = pickle.loads(content) if content else {}  # noqa: S301 - written above
            except (pickle.UnpicklingError, EOFError):
                self._known = {}
        return self._known

    def __del__(self) -> None:
        self.close()
        os.close(self._ended)


class HashingJob:
    """Fingerprints of a source under way; the files of a package to build on are checked as well.

    `facets` gives the faces that the source lists, by item.
    """

    def __init__(self, source: SourceFile, previous: Previous | None) -> None:
        builds_on = previous is not None and previous.cache is not None
        package = (previous.folder, previous.digests) if previous is not None and builds_on else None
        self.facets = Handover()
        gc.freeze()
        try:
            self._ours, theirs = _fork.Pipe(duplex=False)
            self._process = _fork.Process(
                target=_work, args=(theirs, self.facets, source, package), daemon=True
            )
            self._process.start()
        finally:
            gc.unfreeze()
        theirs.close()
        self.facets.close()
        self._answer: tuple[Fingerprints | None, bool] | None = None

    def result(self) -> tuple[Fingerprints | None, bool]:
        """Wait for the fingerprints, None where there are none, and for whether the package is whole."""
        if self._answer is None:
            try:
                self._answer = self._ours.recv()
            except (EOFError, OSError):
                self._answer = (None, False)
            self._ours.close()
        return self._answer

    def finish(self) -> None:
        """Wait until all is done and the process's memory is free."""
        self.result()
        self._process.join()

    def end(self) -> None:
        """End the process, whatever it is still at."""
        self._process.kill()
        self._process.join()


def _work(
    pipe: Any, facets: Handover, source: SourceFile, package: tuple[Path, Mapping[str, str]] | None
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        content = source.path.read_bytes()
        graph, data = step_graph(content), data_of(content)
        _give_back_memory()

        def give_facets() -> None:
            if graph is not None and data is not None:
                facets.give(read_facets(graph, data))
            facets.close()

        def send_prints() -> None:
            prints = None if graph is None else fingerprints_of(graph, content, source.schema)
            pipe.send((prints, package is not None and is_intact(*package)))

        # A rebuild waits for the fingerprints, and may need no faces; a first build waits for the faces.
        for task in (give_facets, send_prints) if package is None else (send_prints, give_facets):
            task()
            _give_back_memory()
    except Exception:  # noqa: BLE001 - without an answer the parent builds everything
        os._exit(1)
    pipe.close()
    os._exit(0)


def _give_back_memory() -> None:
    """Hand freed memory back to the system: glibc keeps half of what large arrays took."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
