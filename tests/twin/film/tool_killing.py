"""A process that works on a film with a tool until it is killed, again and again; run as a program.

`python -m tests.twin.film.tool_killing TOOL URL FILE ROUNDS SEED`: each round forks a process that
compacts the film, or imports FILE into it, and kills it (SIGKILL) at a random moment. Prints how many were
done before.
"""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.twin.film.toolbox import taken_in
from twin.film import codec
from twin.film.compacting import compact
from twin.film.hold import rewriting
from twin.store.database import open_database

LONGEST_S = 0.4


async def work(tool: str, url: str, file: Path) -> None:
    engine = await open_database(url)
    async with rewriting(engine):
        await (compact(engine) if tool == "compact" else taken_in(engine, file))
    await engine.dispose()


def one_round(tool: str, url: str, file: Path, wait_s: float) -> bool:
    """Whether it was done before it was killed."""
    child = os.fork()
    if child == 0:
        asyncio.run(work(tool, url, file))
        os._exit(0)
    time.sleep(wait_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise RuntimeError("the process ended by itself; its error is above")
    return os.WIFEXITED(status)


def main(tool: str, url: str, file: Path, rounds: int, seed: int) -> None:
    """Kill so many processes."""
    codec.warm_up()  # what each child would compile or load first
    chance = random.Random(seed)
    waits = [LONGEST_S * chance.random() for _ in range(rounds)]
    print(sum(one_round(tool, url, file, wait_s) for wait_s in waits))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
