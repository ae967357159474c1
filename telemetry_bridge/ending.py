"""Ending tasks for certain."""

import asyncio
from typing import Any

CANCEL_AGAIN_S = 0.5


async def end(*tasks: "asyncio.Task[Any]", again_s: float = CANCEL_AGAIN_S) -> None:
    """Cancel tasks until they have ended, anew each `again_s`; what they failed with is theirs to tell.

    Once is not enough: Python 3.11's wait_for forgets a cancellation that comes with its result, and one may
    be taken for a time-out.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=again_s)
