"""Computing shapes in forked processes, while the parent goes on reading.

Processes are forked after the file is read, so that they share its pages. They take chunks off one
counter; results are put in the chunks' order, so that their number changes nothing. A chunk on which a
process dies (a kernel can crash, or never end) is halved until the one product at fault is alone.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, TypeAlias

from bim_pipeline.shapes import FacetsByItem, shape_chunk
from bim_pipeline.source import ChunkResult

CHUNK_CPU_S = 600
RESCUE_CPU_S = 60
CRASHED = "the geometry kernel crashed on it or did not come to an end"
_PR_SET_PDEATHSIG = 1
_fork = multiprocessing.get_context("fork")
# A model and what `shape_chunk` asks for its faces.
_Source: TypeAlias = tuple[Any, Callable[[], FacetsByItem]]


class ShapeJob:
    """The shapes of a model under way: `start` forks, `result` waits.

    `on_chunk(done, total)` is called from a thread of this job; `facets` as `shape_chunk` takes it, called in
    the forked processes.
    """

    def __init__(
        self,
        model: Any,
        chunks: Sequence[Sequence[int]],
        jobs: int,
        on_chunk: Callable[[int, int], None],
        facets: Callable[[], FacetsByItem] = dict,
    ) -> None:
        self._model = model
        self._facets = facets
        self._chunks = chunks
        self._jobs = max(1, min(jobs, len(chunks)))
        self._on_chunk = on_chunk
        self._results: dict[int, ChunkResult] = {}
        self._crashed: list[int] = []
        self._processes: list[Any] = []
        self._error: BaseException | None = None
        self.peak_private_bytes = 0

    def start(self) -> None:
        """Fork the processes and begin."""
        next_chunk = _fork.Value("i", 0)
        gc.freeze()
        try:
            pipes = [self._fork_worker(next_chunk) for _ in range(self._jobs if self._chunks else 0)]
        finally:
            gc.unfreeze()
        self._thread = threading.Thread(target=self._collect_safely, args=(pipes,), daemon=True)
        self._thread.start()

    def result(self) -> list[ChunkResult]:
        """Wait for the chunks' results, in the chunks' order."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        for index in sorted(self._crashed):
            self._results[index] = _rescue((self._model, self._facets), self._chunks[index])
        return [self._results[index] for index in range(len(self._chunks))]

    def cancel(self) -> None:
        """End the processes at once; for a build that stops on an error of its own."""
        for process in self._processes:
            process.kill()

    def _fork_worker(self, next_chunk: Any) -> Connection:
        ours, theirs = _fork.Pipe(duplex=False)
        process = _fork.Process(
            target=_work, args=(theirs, (self._model, self._facets), self._chunks, next_chunk), daemon=True
        )
        process.start()
        theirs.close()
        self._processes.append(process)
        return ours

    def _collect_safely(self, pipes: Sequence[Connection]) -> None:
        try:
            self._collect(pipes)
        except BaseException as error:  # noqa: BLE001 - it is raised again in `result`
            self._error = error

    def _collect(self, pipes: Sequence[Connection]) -> None:
        running: dict[Any, int | None] = dict.fromkeys(pipes)
        while running:
            for pipe in wait(list(running)):
                assert isinstance(pipe, Connection)
                try:
                    kind, payload = pipe.recv()
                except (EOFError, OSError):
                    self._ended(running.pop(pipe))
                    continue
                if kind == "begun":
                    running[pipe] = payload
                elif kind == "done":
                    self._done(running, pipe, payload)
                else:
                    self.peak_private_bytes += payload
        for process in self._processes:
            process.join()
        # Every process may have died before the counter ran out.
        self._crashed = [i for i in range(len(self._chunks)) if i not in self._results]

    def _done(self, running: dict[Any, int | None], pipe: Connection, result: ChunkResult) -> None:
        index = running[pipe]
        assert index is not None
        self._results[index] = result
        running[pipe] = None
        self._on_chunk(len(self._results), len(self._chunks))

    def _ended(self, chunk: int | None) -> None:
        if chunk is not None:
            self._crashed.append(chunk)


def _work(pipe: Connection, source: _Source, chunks: Sequence[Sequence[int]], next_chunk: Any) -> None:
    die_with_parent()
    gc.disable()  # it would only look through what lives until this process ends
    while True:
        with next_chunk.get_lock():
            index = next_chunk.value
            next_chunk.value += 1
        if index >= len(chunks):
            break
        pipe.send(("begun", index))
        _limit_cpu(CHUNK_CPU_S)
        try:
            result = shape_chunk(source[0], chunks[index], source[1])
        except Exception:  # noqa: BLE001 - the parent does the chunk again, product by product, and says why
            os._exit(1)
        pipe.send(("done", result))
    pipe.send(("memory", _private_bytes()))
    pipe.close()
    os._exit(0)


def _rescue(source: _Source, step_ids: Sequence[int]) -> ChunkResult:
    """Do a chunk again that a process died on, halving it until what is left is the product at fault."""
    result = _in_a_process(source, step_ids)
    if result is not None:
        return result
    if len(step_ids) == 1:
        return ChunkResult(failed={step_ids[0]: CRASHED})
    middle = len(step_ids) // 2
    return _joined(_rescue(source, step_ids[:middle]), _rescue(source, step_ids[middle:]))


def _joined(first: ChunkResult, second: ChunkResult) -> ChunkResult:
    return ChunkResult(
        [*first.shapes, *(s for s in second.shapes if s.key not in first.smooth)],
        {**second.smooth, **first.smooth},
        [*first.bodies, *second.bodies],
        {**first.failed, **second.failed},
    )


def _in_a_process(source: _Source, step_ids: Sequence[int]) -> ChunkResult | None:
    ours, theirs = _fork.Pipe(duplex=False)
    process = _fork.Process(target=_work_once, args=(theirs, source, step_ids), daemon=True)
    process.start()
    theirs.close()
    try:
        result: ChunkResult = ours.recv()
    except (EOFError, OSError):
        return None
    finally:
        ours.close()
        process.join()
    return result


def _work_once(pipe: Connection, source: _Source, step_ids: Sequence[int]) -> None:
    die_with_parent()
    _limit_cpu(RESCUE_CPU_S)
    try:
        pipe.send(shape_chunk(source[0], step_ids, source[1]))
    except Exception as error:  # noqa: BLE001 - of one product, it is that product's reason
        if len(step_ids) == 1:
            pipe.send(ChunkResult(failed={step_ids[0]: f"{type(error).__name__}: {error}"[:200]}))
    pipe.close()
    os._exit(0)


def _limit_cpu(seconds: int) -> None:
    """Let this process use `seconds` more of CPU; the kernel ends it after that, however busy the machine."""
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(used) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard < 0 else min(wanted, hard), hard))


def die_with_parent() -> None:
    """Make this forked process end when its parent does, and keep quiet when it crashes or is interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A kernel's crash is found and reported by the parent; its stack is no news for the user.
    faulthandler.disable()
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (AttributeError, OSError):  # not Linux: the pipe's end ends the process at its next chunk
        return
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:  # it died before it was asked to tell
        os._exit(1)


def _private_bytes() -> int:
    """Give the memory of this process alone, bytes; 0 where the system does not say."""
    try:
        with open("/proc/self/smaps_rollup", encoding="ascii") as file:  # noqa: PTH123 - no path, a kernel file
            fields = dict(line.split(":", 1) for line in file if ":" in line)
    except OSError:
        return 0
    kilobytes = (fields.get(name, "0 kB").split()[0] for name in ("Private_Clean", "Private_Dirty"))
    return 1024 * sum(int(k) for k in kilobytes)
