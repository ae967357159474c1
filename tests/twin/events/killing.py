"""A process that appends events until it is killed, again and again; run as a program.

`python -m tests.twin.events.killing URL ROUNDS SEED`: each round forks a process with parallel callers, which
write an id into a pipe once its append returned, and kills it (SIGKILL) at a random moment. Prints the ids.
"""

import asyncio
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from itertools import count

from sqlalchemy.ext.asyncio import AsyncEngine

from telemetry_bridge.clock import SystemClock
from twin.events.event import Draft
from twin.events.log import EventLog
from twin.store.database import open_existing

CALLERS = 6
MOST_AT_ONCE = 4
MOST_IDS = 60
LINGER_S = 0.004
ID_BYTES = 27


def drafts_of(batch: str, number: int) -> list[Draft]:
    """A batch: each of its events says how many there are."""
    return [
        Draft("command.sent", f"device:{batch}", "person:chen", {"batch": batch, "of": number, "text": "灯"})
        for _ in range(number)
    ]


async def append_for_ever(url: str, pipe: int, round_number: int, seed: int) -> None:
    """Append from several callers; ids go into the pipe when they are acknowledged."""
    engine = await open_existing(url)
    await asyncio.gather(*(call(engine, pipe, f"{round_number}-{caller}", seed) for caller in range(CALLERS)))


async def call(engine: AsyncEngine, pipe: int, name: str, seed: int) -> None:
    """One caller, with a log of its own as another server has."""
    log, chance = EventLog(engine, SystemClock()), random.Random(f"{seed} {name}")
    for number in count():
        events = await log.append(*drafts_of(f"{name}-{number}", chance.randint(1, MOST_AT_ONCE)))
        os.write(pipe, "".join(f"{event.id}\n" for event in events).encode())


def one_round(url: str, number: int, seed: int, chance: random.Random) -> bytes:
    """The ids that a process acknowledged before it was killed."""
    wanted = chance.randint(0, MOST_IDS) * ID_BYTES
    return killed(lambda pipe: asyncio.run(append_for_ever(url, pipe, number, seed)), wanted, chance)


def killed(work: Callable[[int], object], wanted: int, chance: random.Random) -> bytes:
    """What a process that works for ever wrote into its pipe, killed after `wanted` bytes and a moment more.

    RuntimeError: it ended by itself.
    """
    reads, writes = os.pipe()
    child = forked(lambda: work(writes))
    os.close(writes)
    got = b""
    while len(got) < wanted and (part := os.read(reads, 65536)):
        got += part
    time.sleep(chance.random() * LINGER_S)
    os.kill(child, signal.SIGKILL)
    while part := os.read(reads, 65536):
        got += part
    os.close(reads)
    os.waitpid(child, 0)
    if len(got) < wanted:
        raise RuntimeError("the process ended by itself; its error is above")
    return got


def forked(work: Callable[[], object]) -> int:
    """The id of a process that works for ever: where its work ends, it never comes back into what we do."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - whatever it is, it is said and ends the process
            traceback.print_exc()
        finally:
            os._exit(1)
    return child


def main(url: str, rounds: int, seed: int) -> None:
    """Kill so many processes."""
    chance = random.Random(seed)
    for number in range(rounds):
        sys.stdout.write(one_round(url, number, seed, chance).decode())
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
