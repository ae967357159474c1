"""A process that moves film into cold files until it is killed, again and again; run as a program.

`python -m tests.twin.film.cold_killing URL FOLDER ROUNDS SEED`: film is recorded once. Each round forks a
process that moves it, brings stretches back by late samples, mends, joins and sweeps, and writes into a pipe
the late samples that are safe; it is killed (SIGKILL) at a random moment. Then a fresh process compares the
film with all that it was told, and in the end the files too. Prints one line of JSON with what happened.
"""

import asyncio
import json
import os
import random
import sys
from collections.abc import Coroutine
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from tests.twin.events.killing import forked, killed
from tests.twin.film.filming import Filming, noise
from tests.twin.film.freezing import filming, freeze
from tests.twin.film.scenes import START_MS, folded, frame_of, same_state, samples_of
from twin.film import codec
from twin.film.cold import moving
from twin.film.cold.gathering import gather
from twin.film.cold.shelf import FolderShelf
from twin.film.policy import DAY_MS, DEFAULT, Policies, Policy
from twin.film.verifying import Verifier
from twin.store.database import open_existing

FRAMES, RUN_MS = 60, 12_000.0
LINE_BYTES = 10
POLICIES = Policies(Policy(DEFAULT, 2.0, None))


async def opened(url: str, folder: Path, after_ms: float) -> tuple[AsyncEngine, Filming]:
    """A server that begins anew."""
    engine = await open_existing(url)
    return engine, await filming(engine, FolderShelf(folder), POLICIES, START_MS + RUN_MS + 1000.0 + after_ms)


async def record(url: str, folder: Path) -> None:
    """Record the film that is moved about."""
    engine = await open_existing(url)
    run = await filming(engine, FolderShelf(folder), POLICIES)
    for frame in noise(FRAMES):
        run.record(frame)
        await run.film.recorder.flush()
    await run.film.recorder.stop()
    await engine.dispose()


def late_ms(number: int) -> float:
    """When a late sample was taken: no two at once."""
    return START_MS + 0.5 + number * 97 % 11_000 + number / 4096


async def move_for_ever(url: str, folder: Path, pipe: int, first: int, chance: random.Random) -> None:
    """Move, and be late with samples, which go into the pipe when they are safe."""
    moving.MOST_SAMPLES = 40  # type: ignore[misc]
    _, run = await opened(url, folder, first * 1000.0)
    for number in count(first):
        for _ in range(chance.randint(0, 3)):
            await run.film.cold.tend(START_MS + 400 * DAY_MS)
        if chance.random() < 0.5:
            await gather(run.film.cold.mover, 400)
        run.film.recorder.take(samples_of(frame_of(late_ms(number), {number % 9: (float(number), 0)})))
        if await run.film.recorder.flush():
            os.write(pipe, f"{number:9d}\n".encode())
        if chance.random() < 0.5:
            await run.film.merge_late()


async def compare(url: str, folder: Path, told: list[int], first: int, *, last: bool) -> None:
    """AssertionError: the film is not what it was told. What may have been told since is up to `first`."""
    engine, run = await opened(url, folder, first * 1000.0 - 500.0)
    film = run.film
    found = [each async for each in film.samples(START_MS, START_MS + RUN_MS + 500.0)]
    seen = [
        (float(time_ms), int(index))
        for each in found
        for time_ms, index in zip(each.samples.time_ms, each.samples.point_index, strict=True)
    ]
    assert len(set(seen)) == len(seen)
    late = {number for number in range(first) if (late_ms(number), number % 9) in set(seen)}
    assert set(told) <= late
    frames = noise(FRAMES) + [frame_of(late_ms(each), {each % 9: (float(each), 0)}) for each in late]
    frames.sort(key=lambda frame: frame.time_ms)
    assert len(seen) == sum(len(frame) for frame in frames)
    for share in (0.1, 0.5, 0.9):
        time_ms = START_MS + share * RUN_MS
        assert same_state((await film.state_at(time_ms)).state, folded(frames, time_ms, 9))
    faults = (await Verifier(engine, FolderShelf(folder)).verify()).faults
    assert not faults, faults
    if last:
        await freeze(film, START_MS + 400 * DAY_MS)
        files = {file.key for file in await film.cold.ledger.files()}
        assert set(FolderShelf(folder).keys()) == files
        assert len(files) > 1
    await engine.dispose()


def in_process(work: Coroutine[Any, Any, None]) -> None:
    """Run it in a process of its own: who has used threads is not to be forked. SystemExit: it failed."""

    def run() -> None:
        asyncio.run(work)
        os._exit(0)

    _, status = os.waitpid(forked(run), 0)
    work.close()
    if status:
        raise SystemExit(1)


def main(url: str, folder: Path, rounds: int, seed: int) -> None:
    """Kill so many processes."""
    codec.warm_up()
    chance = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    in_process(record(url, folder))
    told: list[int] = []
    first = 0
    for number in range(rounds):
        wanted = chance.randint(0, 12) * LINE_BYTES
        inner = random.Random(seed + number)

        def work(pipe: int, inner: random.Random = inner, first: int = first) -> None:
            asyncio.run(move_for_ever(url, folder, pipe, first, inner))

        told += [int(line) for line in killed(work, wanted, chance).split()]
        first = (
            max([first, *(each + 1 for each in told)]) + 2
        )  # one or two may be safe that nobody said so of
        in_process(compare(url, folder, told, first, last=number == rounds - 1))
    print(json.dumps({"rounds": rounds, "late": len(told)}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
