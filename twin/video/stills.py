"""Asks the process that decodes pictures, one picture at a time; one that takes too long is ended."""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections import OrderedDict
from dataclasses import asdict, dataclass

import structlog

from twin.video.errors import StillError, VideoMissingError
from twin.video.pipes import LENGTH, OK, has_libav

LOG = structlog.get_logger(__name__)

LIMIT_S = 8.0
STARTING_S = 30.0
MOST_CACHED_BYTES = 32 << 20
MODULE = "twin.video.stills_process"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A picture: where its bytes are (`parts`: offsets and sizes, the head first), which one, how wide."""

    path: str
    parts: tuple[tuple[int, int], ...]
    at_ms: float
    width: int | None
    key: bool


class Stills:
    """Gives pictures out of recordings, and keeps those that were asked for last."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._process: Process | None = None
        self._turn = asyncio.Lock()
        self._cache: OrderedDict[Wanted, bytes] = OrderedDict()
        self._cached_bytes = 0

    async def picture(self, wanted: Wanted) -> bytes:
        """A JPEG. Raises StillError, and VideoMissingError where PyAV is not installed."""
        kept = self._cache.get(wanted)
        if kept is not None:
            self._cache.move_to_end(wanted)
            return kept
        if not has_libav():
            raise VideoMissingError
        async with self._turn:
            kept = self._cache.get(wanted) or await self._ask(wanted)
        self._keep(wanted, kept)
        return kept

    def _keep(self, wanted: Wanted, picture: bytes) -> None:
        if wanted not in self._cache:
            self._cached_bytes += len(picture)
        self._cache[wanted] = picture
        while self._cached_bytes > MOST_CACHED_BYTES:
            self._cached_bytes -= len(self._cache.popitem(last=False)[1])

    async def _ask(self, wanted: Wanted) -> bytes:
        is_new = self._process is None
        done = False
        try:
            process = self._process = self._process or await _started()
            limit_s = self._limit_s + (STARTING_S if is_new else 0.0)
            status, answer = await asyncio.wait_for(_asked(process, wanted), limit_s)
            done = True
        except TimeoutError as error:
            raise StillError("the picture took too long to decode") from error
        except (OSError, asyncio.IncompleteReadError) as error:
            LOG.warning("the process that decodes pictures has ended", reason=str(error))
            raise StillError("the picture could not be decoded") from error
        finally:
            if not done:  # cancelled too: an answer is under way that nobody waits for
                await self.close()
        if status != OK:
            raise StillError(f"the picture could not be decoded: {answer.decode(errors='replace')}")
        return answer

    async def close(self) -> None:
        """End the process; the next question starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _started() -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", MODULE, stdin=PIPE, stdout=PIPE)


async def _asked(process: Process, wanted: Wanted) -> tuple[int, bytes]:
    if process.stdin is None or process.stdout is None:
        raise OSError("it has no pipes")
    question = json.dumps(asdict(wanted)).encode()
    process.stdin.write(LENGTH.pack(len(question)) + question)
    await process.stdin.drain()
    (size,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    answer = await process.stdout.readexactly(size)
    return answer[0], answer[1:]
