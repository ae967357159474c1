"""A Modbus device in a process of its own, to be killed: `python -m tests.browser.modbus_plant PORT`."""

import asyncio
import sys

from tests.telemetry_bridge.modbus_peer import READ_HOLDING, modbus_peer

LEVEL = 62
"""What its only register holds."""


async def serve(port: int) -> None:
    """Serve unit 1 until the process ends."""
    async with modbus_peer(port, 1) as peer:
        peer.units[1].set(READ_HOLDING, 0, LEVEL)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
